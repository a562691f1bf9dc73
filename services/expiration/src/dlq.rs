//! `expiration dlq …`: what an operator does about dead letters.

use std::io::{self, Write};

use anyhow::{Context, ensure};
use ticketing_contracts::events::{Event, OrderEvent};
use ticketing_messaging::{
    command::{self, DeadLetters as Command},
    connection::RedisSettings,
    dead_letter::Buried,
};
use ticketing_runtime::Clock;

use crate::{
    SERVICE, bell::Bell, connection::Connection, dead_letters::DeadLetters, deadlines,
    listener::Listener,
};

/// Does it, and prints the outcome.
///
/// # Errors
/// When Redis does not answer, there is no such dead letter, or one that was tried again failed again.
pub async fn run(command: Command, redis: RedisSettings) -> anyhow::Result<()> {
    let dead_letters = DeadLetters::new(&redis);
    let mut connection = redis.connect().await?;
    let letters = dead_letters.list(&mut connection).await?;
    let text = match command {
        Command::List => command::list(&letters, SERVICE),
        Command::Show { id } => command::show(find(&letters, id)?),
        Command::Redrive { id: Some(id), .. } => {
            redrive(std::slice::from_ref(find(&letters, id)?), &redis).await?
        }
        Command::Redrive { id: None, .. } => redrive(&letters, &redis).await?,
    };
    Ok(io::stdout().write_all(text.as_bytes())?)
}

fn find(letters: &[Buried], id: i64) -> anyhow::Result<&Buried> {
    letters
        .iter()
        .find(|letter| letter.id == id)
        .with_context(|| format!("there is no dead letter {id} in {SERVICE}"))
}

/// Here and now: a running instance need not be asked, since all that it would do is in Redis.
async fn redrive(letters: &[Buried], redis: &RedisSettings) -> anyhow::Result<String> {
    let listener = Listener {
        connection: Connection::new(redis.clone()),
        schedule: deadlines::schedule(redis),
        dead_letters: DeadLetters::new(redis),
        bell: Bell::new(),
        clock: Clock::system(),
    };
    let mut failed = Vec::new();
    for letter in letters {
        match event(letter) {
            Ok(event) => {
                listener.note(&deadlines::changes([&event])).await?;
                let mut connection = listener.connection.get().await?;
                listener
                    .dead_letters
                    .remove(&mut connection, letter.id)
                    .await?;
            }
            Err(error) => failed.push(format!("dead letter {} failed again: {error:#}", letter.id)),
        }
    }
    ensure!(failed.is_empty(), "{}", failed.join("\n"));
    Ok(match letters {
        [] => format!("nothing to try again in {SERVICE}\n"),
        [letter] => format!("dead letter {} in {SERVICE} has taken effect\n", letter.id),
        more => format!(
            "{} dead letters in {SERVICE} have taken effect\n",
            more.len()
        ),
    })
}

fn event(letter: &Buried) -> anyhow::Result<OrderEvent> {
    let kind = letter.kind.as_ref().context("the entry was no event")?;
    OrderEvent::decode(kind, &letter.data).context("it can't be read")
}
