//! Expiration: makes holds end promptly.

fn main() {}
