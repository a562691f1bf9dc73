//! web: the pages that people use. Rendered here, kept live by the streams; no database.
//!
//! Read it downward: [`routes`] → [`pages`] → [`clients`], with who asks in [`visit`], what is said in
//! [`text`] and what surrounds a page in [`page`]. [`live`] tells browsers what happens, [`found`] tells
//! search engines what there is, [`failure`] says what went wrong.

pub mod app;
pub mod assets;
pub mod chart;
pub mod clients;
pub mod config;
pub mod csp_report;
pub mod docs;
pub mod failure;
pub mod found;
pub mod headers;
pub mod live;
pub mod page;
pub mod pages;
pub mod routes;
pub mod surround;
pub mod text;
pub mod visit;

/// The service's name: its Consul service, its Nomad job.
pub const SERVICE: &str = "web";
