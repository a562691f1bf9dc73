//! What search engines and whoever shares a page are told.

mod head;
mod json_ld;
mod robots;
mod sitemap;

pub use self::{
    head::Head,
    json_ld::JsonLd,
    robots::robots,
    sitemap::{Sitemap, sitemap},
};
