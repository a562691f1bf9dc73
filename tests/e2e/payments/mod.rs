//! How orders are paid, through Traefik; the simulator says what was charged.

mod crashes;
mod keys;
mod late;
mod production;
mod purchase;
mod redis;
mod refusals;
mod repeats;
mod stripe_faults;
mod three_d_secure;
