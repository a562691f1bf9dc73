//! Pictures of whole pages, for people to look at: `just screenshots`.

use std::path::PathBuf;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::Browser;
use crate::harness::optional_variable;

impl Browser {
    /// Writes `PAGE-SCHEME-WIDTH.png` to the folder that was asked for, if one was.
    pub async fn is_pictured(&self, page: &str) {
        let Some(folder) = optional_variable("E2E_SCREENSHOTS") else {
            return;
        };
        let view = *self.view.borrow();
        let (scheme, width) = (view.scheme.name(), view.width.pixels());
        let file = PathBuf::from(folder).join(format!("{page}-{scheme}-{width}.png"));
        let size = self.cdp("Page.getLayoutMetrics", json!({})).await;
        let size = &size["cssContentSize"];
        let whole = json!({
            "captureBeyondViewport": true,
            "clip": {"x": 0, "y": 0, "width": width, "height": size["height"], "scale": 1},
        });
        let picture = self.cdp("Page.captureScreenshot", whole).await;
        let picture = decoded(&picture["data"]);
        std::fs::write(&file, picture).unwrap_or_else(|error| panic!("{file:?}: {error}"));
    }
}

/// What the browser gives as base64.
pub(super) fn decoded(data: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(data.as_str().unwrap()).unwrap()
}
