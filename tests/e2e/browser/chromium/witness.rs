//! What was on the page when a test failed.

use std::{fs, path::PathBuf, thread};

use serde_json::Value;
use thirtyfour::{WebDriver, error::WebDriverResult};
use tokio::runtime::Builder;

/// Prints the page's address and text, and writes a picture of it to `target/failed/TEST.png`.
///
/// In a thread of its own: the test's runtime is unwinding.
pub fn tell(driver: &WebDriver) {
    let test = thread::current()
        .name()
        .unwrap_or("test")
        .replace("::", "-");
    let driver = driver.clone();
    let told = thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(look(&driver, &test))
    });
    match told.join() {
        Ok(Ok(told)) => eprintln!("{told}"),
        Ok(Err(error)) => eprintln!("the page can't be seen: {error}"),
        Err(_) => eprintln!("the page can't be seen"),
    }
}

async fn look(driver: &WebDriver, test: &str) -> WebDriverResult<String> {
    let url = driver.current_url().await?;
    let text = driver.execute("return document.body.innerText", Vec::<Value>::new());
    let text: String = text.await?.convert()?;
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/failed"));
    fs::create_dir_all(&folder)?;
    // Each of a test's browsers has its own.
    let free = (1..).map(|number| folder.join(format!("{test}-{number}.png")));
    let picture = free.take(9).find(|path| !path.exists());
    let picture = picture.unwrap_or_else(|| folder.join(format!("{test}.png")));
    driver.screenshot(&picture).await?;
    Ok(format!("\n── {url} ({})\n{text}\n──", picture.display()))
}
