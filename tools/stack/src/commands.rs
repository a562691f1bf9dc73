//! What a user can ask for; one module each.

pub mod demo;
pub mod dev;
pub mod dlq;
pub mod down;
pub mod exec;
pub mod fsck;
pub mod interrupt;
pub mod logs;
pub mod plan;
pub mod restart;
pub mod rotate;
pub mod scale;
pub mod status;
pub mod up;
pub mod watch;
