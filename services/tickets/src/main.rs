//! Tickets: what sellers put up.

fn main() {}
