//! expiration makes holds end promptly; they end without it, too.

mod absence;
