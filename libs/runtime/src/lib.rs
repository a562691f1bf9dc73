//! What every binary starts with: configuration, telemetry, lifecycle, health, service discovery.

pub mod clock;
pub mod consul;
pub mod health;
pub mod lifecycle;
pub mod pace;
pub mod settings;
pub mod telemetry;

pub use clock::Clock;
pub use health::Health;
pub use lifecycle::Lifecycle;
pub use pace::Pace;
pub use settings::Settings;

/// The allocator of the services that answer requests and handle events: many small values that one thread
/// makes and another one drops, for which glibc's took a ninth of both cores under a rush. A binary
/// declares it itself. web does not: what it has is ten thousand open connections, which take half as much
/// memory again by this one.
pub use mimalloc::MiMalloc as Allocator;
