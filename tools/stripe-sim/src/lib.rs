//! Stripe's API for development, tests and load: as much of it as payments uses, with what goes wrong.
