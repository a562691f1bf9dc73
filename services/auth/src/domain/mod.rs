//! What a session is. Pure: no I/O, no clock.

pub mod session;
