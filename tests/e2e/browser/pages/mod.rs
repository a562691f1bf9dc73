//! Every page in every state that it has, looked at in light and dark, on a desk and on a phone.
//!
//! `just screenshots` runs this module on a stack of its own, and each look becomes a picture. Tests run in the
//! order of their names: nothing is on sale but the demo's offers when `home` begins.

mod accounts;
mod documents;
mod home;
mod order;
mod orders;
mod refusals;
mod sell;
mod selling;
mod ticket;

use std::fs;

use serde_json::json;

use super::chromium::Browser;

impl Browser {
    /// Puts the main part of another page in place of that of the open one, as web's own tests have rendered
    /// it from a sample and kept it: for a state that can't be had on a stack that works and is used.
    async fn is_given(&self, sample: &str) {
        let file = format!(
            "{}/../../services/web/src/pages/snapshots/web__pages__tests__{sample}.snap",
            env!("CARGO_MANIFEST_DIR")
        );
        let kept = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let main = &kept[kept.find("<main ").unwrap()..];
        let script = "htmx.swap('main', arguments[0], { swapStyle: 'outerHTML' })";
        self.runs(script, [json!(main)]).await.unwrap();
    }
}
