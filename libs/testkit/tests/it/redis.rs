//! What a durable Redis keeps, and what it loses.

use std::ops::Range;

use redis::{Connection, TypedCommands, pipe};
use ticketing_testkit::Redis;

fn connect(redis: &Redis) -> Connection {
    let client = redis::Client::open(redis.url()).unwrap();
    client.get_connection().unwrap()
}

fn set(redis: &Redis, keys: Range<u32>) {
    let mut connection = connect(redis);
    for key in keys {
        connection.set(key, "value").unwrap();
    }
}

fn count(redis: &Redis) -> usize {
    redis::cmd("DBSIZE").query(&mut connect(redis)).unwrap()
}

#[test]
fn a_crash_keeps_what_was_written() {
    let redis = Redis::durable().unwrap();
    let mut connection = connect(&redis);
    let mut before = redis.aof_len().unwrap();
    for key in 0..100 {
        connection.set(key, "value").unwrap();
        let now = redis.aof_len().unwrap();
        assert!(now > before, "an answered command is in the file");
        before = now;
    }
    redis.crash().unwrap();
    assert!(!redis.engine.is_running());
    redis.start_again().unwrap();
    assert_eq!(count(&redis), 100);
}

#[test]
fn the_tail_is_lost_and_the_file_goes_on_from_there() {
    let redis = Redis::durable().unwrap();
    set(&redis, 0..10);
    let kept = redis.aof_len().unwrap();
    set(&redis, 10..20);
    redis.aof_len().unwrap();
    redis.crash().unwrap();
    redis.lose_tail(kept).unwrap();
    redis.start_again().unwrap();
    assert_eq!(count(&redis), 10);

    set(&redis, 20..25);
    redis.aof_len().unwrap();
    redis.crash().unwrap();
    redis.start_again().unwrap();
    assert_eq!(count(&redis), 15);
}

#[test]
fn a_command_that_is_cut_in_two_is_dropped() {
    let redis = Redis::durable().unwrap();
    set(&redis, 0..10);
    let kept = redis.aof_len().unwrap();
    set(&redis, 10..11);
    let whole = redis.aof_len().unwrap();
    redis.crash().unwrap();
    redis.lose_tail(whole - 1).unwrap();
    redis.start_again().unwrap();
    assert_eq!(count(&redis), 10);
    assert_eq!(redis.aof_len().unwrap(), kept);
}

#[test]
fn a_transaction_that_is_cut_in_two_is_dropped() {
    let redis = Redis::durable().unwrap();
    set(&redis, 0..10);
    let mut transaction = pipe();
    transaction.atomic().set("a", 1).set("b", 1);
    transaction.exec(&mut connect(&redis)).unwrap();
    let whole = redis.aof_len().unwrap();
    redis.crash().unwrap();
    redis.lose_tail(whole - 1).unwrap();
    redis.start_again().unwrap();
    assert_eq!(count(&redis), 10, "all of it or nothing");
}

#[test]
fn everything_is_lost() {
    let redis = Redis::durable().unwrap();
    set(&redis, 0..10);
    redis.crash().unwrap();
    redis.lose_everything().unwrap();
    redis.start_again().unwrap();
    assert_eq!(count(&redis), 0);
    set(&redis, 0..5);
    redis.aof_len().unwrap();
    redis.crash().unwrap();
    redis.start_again().unwrap();
    assert_eq!(count(&redis), 5);
}

#[test]
fn what_runs_or_keeps_nothing_loses_nothing() {
    let redis = Redis::durable().unwrap();
    assert!(redis.lose_tail(0).is_err() && redis.lose_everything().is_err());
    redis.crash().unwrap();
    assert!(redis.crash().is_err());
    let len = redis.aof_len().unwrap();
    assert!(redis.lose_tail(len + 1).is_err(), "it would be padded");

    let redis = Redis::start().unwrap();
    set(&redis, 0..10);
    assert!(redis.aof_len().is_err());
    redis.crash().unwrap();
    assert!(redis.lose_tail(0).is_err() && redis.lose_everything().is_err());
    redis.start_again().unwrap();
    assert_eq!(count(&redis), 0);
}
