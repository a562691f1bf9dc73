//! What a browser that has never been here loads for the home page, through Traefik.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::load::request;

/// Bytes of each answer, heads included, as they come over the wire.
pub struct FirstView {
    pub files: Vec<(String, usize)>,
}

impl FirstView {
    pub fn total(&self) -> usize {
        self.files.iter().map(|(_, bytes)| bytes).sum()
    }
}

/// Loads the page and whatever it names, and what its style sheets name.
pub async fn load(traefik: &str) -> anyhow::Result<FirstView> {
    // Read once as it is, to see what it names.
    let mut named = BTreeSet::new();
    let mut unread = vec!["/".to_owned()];
    while let Some(path) = unread.pop() {
        let text = plain(traefik, &path).await?;
        for name in assets(&text) {
            if named.insert(name.clone()) && name.ends_with(".css") {
                unread.push(name);
            }
        }
    }
    let mut files = vec![("/".to_owned(), transferred(traefik, "/").await?)];
    for name in named {
        let bytes = transferred(traefik, &name).await?;
        files.push((name, bytes));
    }
    Ok(FirstView { files })
}

async fn transferred(traefik: &str, path: &str) -> anyhow::Result<usize> {
    Ok(fetch(traefik, path, "br, gzip").await?.len())
}

async fn plain(traefik: &str, path: &str) -> anyhow::Result<String> {
    let answer = fetch(traefik, path, "identity").await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// The whole answer, as it comes.
async fn fetch(traefik: &str, path: &str, encodings: &str) -> anyhow::Result<Vec<u8>> {
    let headers = [
        ("Accept-Encoding", encodings),
        ("Accept-Language", "en"),
        ("Connection", "close"),
    ];
    let mut stream = TcpStream::connect(traefik).await?;
    stream
        .write_all(&request("GET", path, &headers, ""))
        .await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let head = answer.get(..12).context("there was no answer")?;
    ensure!(
        head == b"HTTP/1.1 200",
        "{path} was answered {}",
        String::from_utf8_lossy(head)
    );
    Ok(answer)
}

/// Every address of a static file in a page or a style sheet.
fn assets(text: &str) -> Vec<String> {
    let found = text.match_indices("/assets/").map(|(at, _)| {
        let rest = &text[at..];
        let end = rest.find(['"', '\'', ')', ' ', '<', '>', '\\']);
        rest[..end.unwrap_or(rest.len())].to_owned()
    });
    found.collect()
}
