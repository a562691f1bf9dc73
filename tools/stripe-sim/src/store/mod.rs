//! What the simulator remembers: the books in memory, and the journal that they are read from after a
//! restart.

pub mod answers;
pub mod books;
mod journal;
pub mod ledger;
mod table;
pub mod totals;
