//! The window, and what the person has told the system to look like.

use serde_json::json;

use super::{Browser, picture::decoded};

/// How wide a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// 390 px.
    Phone,
    /// 1280 px.
    Desk,
}

/// `prefers-color-scheme`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Light,
    Dark,
}

/// What a page can ask about its surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    pub width: Width,
    pub scheme: Scheme,
    pub paper: bool,
}

impl Width {
    pub const fn pixels(self) -> u32 {
        match self {
            Self::Phone => 390,
            Self::Desk => 1280,
        }
    }

    const fn height(self) -> u32 {
        match self {
            Self::Phone => 844,
            Self::Desk => 900,
        }
    }
}

impl Scheme {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

impl Default for View {
    fn default() -> Self {
        Self {
            width: Width::Desk,
            scheme: Scheme::Light,
            paper: false,
        }
    }
}

impl View {
    /// Those that every page is looked at in.
    pub fn all() -> impl Iterator<Item = Self> {
        let widths = [Width::Desk, Width::Phone].into_iter();
        widths.flat_map(|width| {
            [Scheme::Light, Scheme::Dark].map(|scheme| Self {
                width,
                scheme,
                paper: false,
            })
        })
    }

    pub fn phone() -> Self {
        Self {
            width: Width::Phone,
            ..Self::default()
        }
    }
}

impl Browser {
    /// Changes the window's size and the person's preferences. Nothing moves: a page that fades its colours
    /// would be judged in between.
    pub async fn is_viewed(&self, view: View) {
        let metrics = json!({
            "width": view.width.pixels(),
            "height": view.width.height(),
            "deviceScaleFactor": 1,
            // Honours the page's viewport, and zooms out when something is wider.
            "mobile": view.width == Width::Phone,
        });
        self.cdp("Emulation.setDeviceMetricsOverride", metrics)
            .await;
        let media = json!({
            "media": if view.paper { "print" } else { "screen" },
            "features": [
                {"name": "prefers-color-scheme", "value": view.scheme.name()},
                {"name": "prefers-reduced-motion", "value": "reduce"},
            ],
        });
        self.cdp("Emulation.setEmulatedMedia", media).await;
        self.view.replace(view);
    }

    /// The page as it is printed, until the next view.
    pub async fn is_printed(&self) {
        let view = *self.view.borrow();
        self.is_viewed(View {
            paper: true,
            ..view
        })
        .await;
    }

    /// And back.
    pub async fn is_on_screen(&self) {
        let view = *self.view.borrow();
        self.is_viewed(View {
            paper: false,
            ..view
        })
        .await;
    }

    /// How many sheets of paper the page takes.
    pub async fn sheets(&self) -> usize {
        let printed = self.cdp("Page.printToPDF", json!({})).await;
        let pdf = decoded(&printed["data"]);
        let pdf = String::from_utf8_lossy(&pdf);
        pdf.matches("/Type /Page\n").count()
    }

    /// Nothing sticks out to the side.
    pub async fn fits(&self) {
        let width = self.view.borrow().width.pixels();
        let script = "return document.documentElement.scrollWidth";
        let found = self.runs(script, []).await.unwrap();
        assert_eq!(found, json!(width), "it scrolls sideways");
    }

    pub(super) async fn cdp(
        &self,
        method: &str,
        parameters: serde_json::Value,
    ) -> serde_json::Value {
        let answer = self.driver.cdp().send_raw(method, parameters).await;
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }
}
