//! The audit itself: what it must not miss, each put into a page that is well otherwise.

use super::chromium::{Browser, Chromium};
use crate::harness::Stack;

/// Starts on a page that is well, and answers what is found after the script has run.
async fn found_after(script: &str) -> (Browser, Vec<String>) {
    let browser = Chromium::new().start(&Stack::get()).await;
    browser.opens("/auth/signin").await;
    browser.audited("sign-in").await;
    browser.runs(script, []).await.unwrap();
    let found = browser.findings("control").await;
    browser.forgets_complaints().await;
    (browser, found)
}

fn is_found(found: &[String], fault: &str) {
    assert!(found.iter().any(|one| one.contains(fault)), "{found:#?}");
}

#[tokio::test]
async fn a_picture_without_words_is_found() {
    let (browser, found) = found_after(
        "const image = document.createElement('img');
         image.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAACADs=';
         document.querySelector('main').append(image)",
    )
    .await;
    is_found(&found, "image-alt");
    // In each of four views, and nothing else.
    assert_eq!(found.len(), 4, "{found:#?}");
    browser.ends().await;
}

#[tokio::test]
async fn pale_text_is_found_in_the_scheme_that_has_it() {
    let (browser, found) = found_after(
        "const sheet = new CSSStyleSheet();
         sheet.replaceSync('@media (prefers-color-scheme: dark) {main p.pale {color: #222; background: #111}}');
         document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
         const words = document.createElement('p');
         words.className = 'pale';
         words.textContent = 'Hardly to be read';
         document.querySelector('main').append(words)",
    )
    .await;
    is_found(&found, "color-contrast");
    assert!(
        found.iter().all(|one| one.starts_with("dark")),
        "{found:#?}"
    );
    browser.ends().await;
}

#[tokio::test]
async fn an_error_is_found() {
    let (browser, found) = found_after("console.error('it went wrong')").await;
    is_found(&found, "it went wrong");
    browser.ends().await;
}

#[tokio::test]
async fn a_missing_file_is_found() {
    let (browser, found) = found_after(
        "const image = new Image();
         image.alt = 'nothing';
         const gone = new Promise((gone) => image.addEventListener('error', gone));
         image.src = '/assets/there-is-none.png';
         return gone.then(() => true)",
    )
    .await;
    is_found(&found, "404");
    browser.ends().await;
}

#[tokio::test]
async fn something_too_wide_is_found() {
    let (browser, found) = found_after(
        "const wide = document.createElement('p');
         wide.textContent = 'wide';
         wide.style.width = '500px';
         document.querySelector('main').append(wide)",
    )
    .await;
    is_found(&found, "scrolls sideways");
    assert!(found.iter().all(|one| one.contains(" 390:")), "{found:#?}");
    browser.ends().await;
}

/// The browser says it, and web hears of it.
#[tokio::test]
async fn a_breach_of_the_policy_is_found() {
    let stack = Stack::get();
    let before = stack.policy_reports().await;
    let browser = Chromium::new().start(&stack).await;
    browser.opens("/auth/signin").await;
    let breach = "const script = document.createElement('script');
                  script.textContent = 'window.breached = true';
                  document.head.append(script);
                  return window.breached ?? false";
    assert_eq!(browser.runs(breach, []).await.unwrap(), false);
    is_found(&browser.complaints().await, "Content Security Policy");
    browser
        .eventually("web has heard of it", async || {
            stack.policy_reports().await > before
        })
        .await;
    is_found(&browser.complaints().await, "reports of a breach");
    browser.forgets_complaints().await;
    browser.ends().await;
}
