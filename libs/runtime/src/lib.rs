//! What every binary starts with: configuration, telemetry, lifecycle, health, service discovery.

pub mod clock;
pub mod consul;
pub mod health;
pub mod lifecycle;
pub mod settings;
pub mod telemetry;

pub use clock::Clock;
pub use health::Health;
pub use lifecycle::Lifecycle;
pub use settings::Settings;
