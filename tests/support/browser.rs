//! A clerk's browser: Chromium without a screen, driven by chromedriver.
//!
//! Calls block: a story is told in one thread. Elements are found as a clerk finds them where that is possible: by the
//! words on a button or a link ([`Browser::clicks`]).
//!
//! Not here: which page says what (the stories).

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};

use super::house::lines_of;
use super::until;

#[derive(Debug)]
pub(crate) struct Browser {
    driver: Child,
    client: Client,
    runtime: tokio::runtime::Runtime,
}

impl Browser {
    pub(crate) fn opens() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver runs");
        let said = lines_of(driver.stdout.take().expect("its output"));
        let port: u16 = until("chromedriver to say its port", PATIENCE, || {
            let line = said.try_recv().ok()?;
            // Its first line repeats the 0 it was asked for.
            line.rsplit_once("on port ")?.1.trim_end_matches('.').parse().ok().filter(|port| *port != 0)
        });
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let wishes = json!({
            "goog:chromeOptions": { "args": [
                "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                "--autoplay-policy=no-user-gesture-required",
            ]},
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(wishes) = wishes else { unreachable!("an object was written") };
        let client = runtime
            .block_on(async {
                let mut builder = ClientBuilder::rustls().expect("TLS is at hand");
                builder.capabilities(wishes).connect(&format!("http://127.0.0.1:{port}")).await
            })
            .expect("a browser window");
        Self { driver, client, runtime }
    }

    pub(crate) fn goes_to(&self, url: &str) {
        self.runtime.block_on(self.client.goto(url)).unwrap_or_else(|why| panic!("{url}: {why}"));
    }

    pub(crate) fn url(&self) -> String {
        self.runtime.block_on(self.client.current_url()).expect("a page").to_string()
    }

    /// Clicks the first button, link or summary with these words; waits for it to be there.
    pub(crate) fn clicks(&self, words: &str) {
        let path = format!(
            "//*[self::a or self::button or self::summary or self::label][contains(normalize-space(.), \"{words}\")]"
        );
        // A page that refreshes itself may take the button away between finding and pressing it.
        until(&format!("{words:?} on the page, to be pressed\n{}", self.text()), PATIENCE, || {
            let found = self.runtime.block_on(self.client.find(Locator::XPath(&path))).ok()?;
            self.runtime.block_on(found.click()).ok()
        });
    }

    /// Types into the field with this id.
    pub(crate) fn types(&self, id: &str, text: &str) {
        let field =
            until(&format!("a field {id}"), PATIENCE, || self.runtime.block_on(self.client.find(Locator::Id(id))).ok());
        self.runtime.block_on(field.send_keys(text)).unwrap_or_else(|why| panic!("{id} takes no keys: {why}"));
    }

    /// Everything a person could read on the page now.
    pub(crate) fn text(&self) -> String {
        self.runs("return document.body ? document.body.innerText : ''").as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn awaits_text(&self, words: &str) {
        let mut last = String::new();
        let end = std::time::Instant::now() + PATIENCE;
        while std::time::Instant::now() < end {
            last = self.text();
            if last.contains(words) {
                return;
            }
            std::thread::sleep(BETWEEN);
        }
        panic!("{words:?} never came; {} says:\n{last}", self.url());
    }

    /// Runs a script in the page; its `return` value.
    pub(crate) fn runs(&self, script: &str) -> Value {
        self.runtime.block_on(self.client.execute(script, vec![])).unwrap_or_else(|why| panic!("{script}: {why}"))
    }

    /// Runs a script until it returns something true.
    pub(crate) fn awaits(&self, what: &str, script: &str) -> Value {
        until(what, PATIENCE, || {
            Some(self.runs(script)).filter(|value| !matches!(value, Value::Null | Value::Bool(false)))
        })
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Closing takes the windows along; the driver is ended in any case.
        let _ = self.runtime.block_on(self.client.clone().close());
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

const PATIENCE: Duration = Duration::from_secs(20);
const BETWEEN: Duration = Duration::from_millis(100);
