//! Orders: what buyers hold, and what has been sold.

fn main() {}
