//! What every binary starts with: configuration, telemetry, lifecycle, health, service discovery.

pub mod clock;
pub mod consul;
pub mod health;
pub mod lifecycle;
pub mod settings;
pub mod telemetry;

use mimalloc::MiMalloc;

pub use clock::Clock;
pub use health::Health;
pub use lifecycle::Lifecycle;
pub use settings::Settings;

/// Requests and events are many small values that one thread makes and another one drops: glibc's
/// allocator took a ninth of both cores under a rush.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;
