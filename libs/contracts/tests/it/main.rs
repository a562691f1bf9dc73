//! What others see of the contracts.

mod another_crates_stream;
mod events_document;
