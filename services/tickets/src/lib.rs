//! Tickets: what sellers put up.
