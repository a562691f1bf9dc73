//! The pages: each asks all that it needs at the same time, and shows it.
