//! Which files there are, and under which names.

use std::{
    collections::HashMap,
    io::{self, Write},
    sync::LazyLock,
};

use actix_web::web::Bytes;
use flate2::{Compression, write::GzEncoder};
use rust_embed::Embed;
use sha2::{Digest, Sha256};

use super::PREFIX;

#[derive(Embed)]
#[folder = "static/"]
#[exclude = "*/LICENSE*"]
#[exclude = "*/VERSION*"]
#[exclude = "*/OFL*"]
#[exclude = "*.md"]
struct Embedded;

/// One file.
pub(super) struct File {
    pub(super) kind: &'static str,
    pub(super) content: Bytes,
    /// By gzip, where that makes it smaller. Once, as well as can be: a proxy that does it for each browser keeps
    /// megabytes for every answer that is on its way.
    pub(super) compressed: Option<Bytes>,
}

/// All of them.
pub(super) struct Files {
    /// By the name in `static/`.
    urls: HashMap<String, String>,
    /// By what follows [`PREFIX`] in the address.
    files: HashMap<String, File>,
}

pub(super) fn all() -> &'static Files {
    static FILES: LazyLock<Files> = LazyLock::new(Files::read);
    &FILES
}

impl Files {
    fn read() -> Self {
        let mut files = Self {
            urls: HashMap::new(),
            files: HashMap::new(),
        };
        let mut names: Vec<_> = Embedded::iter().collect();
        // Style sheets last: they name others, by the names in `static/`.
        names.sort_by_key(|name| (name.ends_with(".css"), name.clone()));
        for name in names {
            if let Some(file) = Embedded::get(&name) {
                files.add(&name, &file.data);
            }
        }
        files
    }

    fn add(&mut self, name: &str, content: &[u8]) {
        let content = if name.ends_with(".css") {
            self.addressed(content)
        } else {
            Bytes::copy_from_slice(content)
        };
        let served = fingerprinted(name, &content);
        self.urls
            .insert(name.to_owned(), format!("{PREFIX}{served}"));
        let kind = kind(name);
        let file = File {
            kind,
            compressed: compressed(kind, &content),
            content,
        };
        self.files.insert(served, file);
    }

    /// With `/assets/NAME` in a style sheet as the address of that file.
    fn addressed(&self, sheet: &[u8]) -> Bytes {
        let mut sheet = String::from_utf8_lossy(sheet).into_owned();
        for (name, url) in &self.urls {
            for end in ["\"", "'", ")"] {
                let written = format!("{PREFIX}{name}{end}");
                sheet = sheet.replace(&written, &format!("{url}{end}"));
            }
        }
        sheet.into()
    }

    pub(super) fn url(&self, name: &str) -> &str {
        self.urls.get(name).map_or_else(
            || {
                tracing::error!(name, "there is no such file in static/");
                "/assets/-"
            },
            String::as_str,
        )
    }

    pub(super) fn served_as(&self, name: &str) -> Option<&File> {
        self.files.get(name)
    }
}

/// `app.css` is served as `app.1f3a….css`.
fn fingerprinted(name: &str, content: &[u8]) -> String {
    let hash = hex::encode(&Sha256::digest(content)[..6]);
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}.{hash}.{extension}"),
        None => format!("{name}.{hash}"),
    }
}

/// `None` for what is compressed in its own way.
fn compressed(kind: &str, content: &[u8]) -> Option<Bytes> {
    let is_text =
        kind.starts_with("text/") || ["image/svg+xml", "application/json"].contains(&kind);
    if !is_text {
        return None;
    }
    // Into memory: it can't fail.
    let compressed = gzip(content).ok()?;
    (compressed.len() < content.len()).then(|| compressed.into())
}

fn gzip(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "json" | "webmanifest" => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_content_has_another_address() {
        let names = [&b"a"[..], b"b"].map(|content| fingerprinted("vendor/x.min.js", content));
        assert_ne!(names[0], names[1]);
        assert!(names[0].starts_with("vendor/x.min."), "{}", names[0]);
        assert!(names[0].ends_with(".js"), "{}", names[0]);
    }

    #[test]
    fn a_style_sheet_names_files_by_their_address() {
        let mut files = Files {
            urls: HashMap::new(),
            files: HashMap::new(),
        };
        files.add("font.woff2", b"...");
        files.add("app.css", b"@font-face { src: url(/assets/font.woff2) }");
        let served = files.urls["app.css"].strip_prefix(PREFIX).unwrap();
        let content = &files.files[served].content;
        let expected = format!("@font-face {{ src: url({}) }}", files.urls["font.woff2"]);
        assert_eq!(content, expected.as_bytes());
    }

    #[test]
    fn no_licence_is_served_as_a_page() {
        assert!(all().urls.keys().all(|name| !name.contains("LICENSE")));
    }

    #[test]
    fn every_file_has_a_type() {
        for name in all().urls.keys() {
            assert_ne!(kind(name), "application/octet-stream", "{name}");
        }
    }
}
