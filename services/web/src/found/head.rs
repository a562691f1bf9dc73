//! The machine's part of a page's `<head>`: title, description, canonical address, `OpenGraph`.

use super::JsonLd;
use crate::visit::PublicUrl;

/// For `templates/base.html`.
#[derive(Debug, Clone)]
pub struct Head {
    /// What the page is called.
    pub title: String,
    /// In a sentence or two.
    pub description: Option<String>,
    /// The page's one address, absolute.
    pub canonical: String,
    /// Whether search engines may show it.
    pub listed: bool,
    /// The same for machines.
    pub json_ld: Option<JsonLd>,
    origin: PublicUrl,
}

impl Head {
    /// Of the page at `path`, whose query is left out of its address.
    #[must_use]
    pub fn new(origin: &PublicUrl, path: &str, title: String) -> Self {
        let mut head = Self {
            title,
            description: None,
            canonical: String::new(),
            listed: true,
            json_ld: None,
            origin: origin.clone(),
        };
        let (path, _) = path.split_once('?').unwrap_or((path, ""));
        head.at(path);
        head
    }

    /// Says where the page is.
    pub fn at(&mut self, path: &str) {
        self.canonical = self.absolute(path);
    }

    /// The address of a path, for others.
    #[must_use]
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.origin.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_has_no_address_of_its_own() {
        let origin = PublicUrl("https://ticketing.dev".into());
        let head = Head::new(&origin, "/?q=rock&cursor=7", "Tickets".into());
        assert_eq!(head.canonical, "https://ticketing.dev/");
    }
}
