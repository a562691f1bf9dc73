//! The payment simulator.

fn main() {}
