//! Expiration: makes holds end promptly.
