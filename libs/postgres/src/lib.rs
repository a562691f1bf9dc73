//! A service's own schema in Postgres: pool, transactions, migrations, errors.

pub mod errors;
pub mod migrate;
pub mod pool;
mod prepared;
mod settings;
pub mod tx;

pub use pool::Pool;
pub use prepared::{Bound, Prepared, prepared};
pub use settings::DatabaseSettings;
pub use tx::transaction;
