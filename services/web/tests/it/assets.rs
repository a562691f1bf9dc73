//! Static files: kept for ever, because another content has another address.

use std::io::Read;

use flate2::read::GzDecoder;
use reqwest::Method;

use crate::harness::{App, Browser, Page};

fn addresses(page: &Page) -> Vec<String> {
    let mut addresses = page.attributes("script[src], img[src]", "src");
    addresses.extend(page.attributes("link[rel=stylesheet], link[rel=icon]", "href"));
    addresses.retain(|address| address.starts_with('/'));
    addresses
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_loads_is_there_and_is_kept_for_ever() {
    let browser = App::start().browser();
    let addresses = addresses(&browser.open("/").await);
    assert!(addresses.len() >= 3, "{addresses:?}");
    for address in addresses {
        let file = browser.open(&address).await;
        assert_eq!(
            file.header("cache-control"),
            "public, max-age=31536000, immutable",
            "{address}"
        );
        assert!(!file.body.is_empty(), "{address}");
        let kind = file.header("content-type");
        let expected = match address.rsplit_once('.').unwrap().1 {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            other => panic!("{other} of {address}"),
        };
        assert_eq!(kind, expected, "{address}");
        assert_eq!(file.header("set-cookie"), "", "{address}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_style_sheets_files_are_there_as_well() {
    let browser = App::start().browser();
    for address in addresses(&browser.open("/").await) {
        if !address.contains(".css") {
            continue;
        }
        let sheet = browser.open(&address).await.body;
        for rest in sheet.split("url(").skip(1) {
            let file = rest.split(')').next().unwrap().trim_matches(['"', '\'']);
            if !file.starts_with("data:") {
                assert_eq!(browser.get(file).await.status, 200, "{file}");
            }
        }
    }
}

/// The content coding that is answered, and the bytes.
async fn encoded(browser: &Browser, address: &str, accepted: &str) -> (String, Vec<u8>) {
    let request = browser.request(Method::GET, address);
    let request = request.header("accept-encoding", accepted);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["vary"], "Accept-Encoding", "{address}");
    let coding = answer.headers().get("content-encoding");
    let coding = coding.map_or("", |coding| coding.to_str().unwrap());
    (coding.to_owned(), answer.bytes().await.unwrap().to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_compressed_for_whoever_takes_that() {
    let browser = App::start().browser();
    for address in addresses(&browser.open("/").await) {
        let (coding, plain) = encoded(&browser, &address, "identity").await;
        assert_eq!(coding, "", "{address}");
        for accepted in ["gzip, deflate, br, zstd", "br;q=1, gzip;q=0.8"] {
            let (coding, compressed) = encoded(&browser, &address, accepted).await;
            assert_eq!(coding, "gzip", "{address}");
            assert!(compressed.len() < plain.len(), "{address}");
            let mut unpacked = Vec::new();
            let mut decoder = GzDecoder::new(&*compressed);
            decoder.read_to_end(&mut unpacked).unwrap();
            assert_eq!(unpacked, plain, "{address}");
        }
        for accepted in ["gzip;q=0, br", "what? ever"] {
            let as_it_is = encoded(&browser, &address, accepted).await;
            assert_eq!(as_it_is, (String::new(), plain.clone()), "{address}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_content_is_served_in_its_place() {
    let browser = App::start().browser();
    let known = addresses(&browser.open("/").await).remove(0);
    let (stem, extension) = known.rsplit_once('.').unwrap();
    let (name, _) = stem.rsplit_once('.').unwrap();
    for unknown in [
        format!("{name}.000000000000.{extension}"),
        format!("{name}.{extension}"),
        "/assets/".to_owned(),
        "/assets/../Cargo.toml".into(),
        "/assets/..%2fCargo.toml".into(),
        "/assets/vendor/htmx/LICENSE".into(),
    ] {
        let page = browser.get(&unknown).await;
        assert_eq!(page.status, 404, "{unknown}");
        assert_ne!(
            page.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
    }
}
