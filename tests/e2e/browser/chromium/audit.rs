//! What no page may have: an accessibility violation, an error in the browser's log, a breach of its own
//! policy, a second scroll bar.

use serde_json::json;

use super::{Browser, view::View};

const AXE: &str = include_str!("../../vendor/axe-core/axe.min.js");

impl Browser {
    /// Fails when anything is wrong with the page as it is, in light or dark, on a desk or a phone. Named for
    /// its picture.
    pub async fn audited(&self, page: &str) {
        let found = self.findings(page).await;
        assert!(found.is_empty(), "{page}: {found:#?}");
    }

    /// The same without axe-core, which needs scripts to run: nothing sticks out, and there are pictures.
    pub async fn is_seen_in_all_views(&self, page: &str) {
        let before = *self.view.borrow();
        for view in View::all() {
            self.is_viewed(view).await;
            self.fits().await;
            self.is_pictured(page).await;
        }
        self.is_viewed(before).await;
    }

    /// All that is wrong with it.
    pub async fn findings(&self, page: &str) -> Vec<String> {
        let before = *self.view.borrow();
        let mut found = Vec::new();
        for view in View::all() {
            self.is_viewed(view).await;
            let here = self.found_here().await;
            let place = format!("{} {}", view.scheme.name(), view.width.pixels());
            found.extend(here.into_iter().map(|fault| format!("{place}: {fault}")));
            self.is_pictured(page).await;
        }
        self.is_viewed(before).await;
        found.extend(self.complaints().await);
        found
    }

    async fn found_here(&self) -> Vec<String> {
        // The page may have been loaded anew in the meantime.
        let axe = format!("if (!window.axe) {{ {AXE} }}");
        self.runs(&axe, []).await.unwrap();
        let width = self.view.borrow().width.pixels();
        let found = self.runs(include_str!("audit.js"), [json!(width)]).await;
        serde_json::from_value(found.unwrap()).unwrap()
    }
}
