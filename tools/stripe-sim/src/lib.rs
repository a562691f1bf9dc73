//! Stripe's API for development, tests and load: as much of it as payments uses, with what goes wrong.
//!
//! No card is ever charged, and no real card is accepted. What is simulated is what matters to a caller
//! who must neither charge twice nor lose a charge: `PaymentIntent`s with their states, test cards that
//! are declined or ask for 3-D Secure, idempotency keys that keep failures too, refunds, signed webhooks
//! that are sent until they are taken, and a network that hangs or breaks before or after the charge.
//! Answers have the forms of the API version that async-stripe speaks.
//!
//! ```no_run
//! use stripe_sim::{Settings, Simulator};
//!
//! let stripe = Simulator::start(Settings::default());
//! stripe.send_webhooks_to("http://127.0.0.1:4000/api/payments/webhook");
//! // … a payment is made at stripe.url(), with stripe.key() …
//! assert_eq!(stripe.totals().charges, 1);
//! ```
//!
//! Read it downward: [`routes`] → [`stripe`] (requests and what goes wrong with them) → [`domain`] (what
//! Stripe decides, pure) → [`store`] (the books and their journal). [`control`] has the simulator's own
//! routes, [`browser`] the stand-in for Stripe.js. Cards, routes and faults are in `docs/OPERATIONS.md`.

pub mod app;
pub mod background;
pub mod browser;
pub mod config;
pub mod connection;
pub mod control;
pub mod domain;
pub mod faults;
pub mod operation;
pub mod requests;
pub mod routes;
pub mod simulation;
pub mod simulator;
pub mod store;
pub mod stripe;
pub mod webhooks;

pub use config::Settings;
pub use simulator::Simulator;
