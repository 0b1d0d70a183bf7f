//! A browser in which one person has one tab.

use dayend_testkit::chromium::{Chromium, Tab};
use serde_json::Value;

/// A browser that takes the server's certificate.
pub(crate) struct Desk {
    browser: Chromium,
    tab: Tab,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let mut browser = Chromium::start(&["--window-size=900,760"]);
        let tab = browser.tab();
        Self { browser, tab }
    }

    /// A browser that runs no scripts of pages.
    pub(crate) fn without_scripts() -> Self {
        let mut desk = Self::new();
        desk.browser.without_scripts(&desk.tab);
        desk
    }

    pub(crate) fn visit(&mut self, url: &str) {
        self.browser.visit(&self.tab, url);
    }

    pub(crate) fn fill(&mut self, selector: &str, text: &str) {
        self.browser.fill(&self.tab, selector, text);
    }

    pub(crate) fn follow(&mut self, selector: &str) {
        self.browser.follow(&self.tab, selector);
    }

    pub(crate) fn text(&mut self, selector: &str) -> String {
        self.browser.text(&self.tab, selector)
    }

    pub(crate) fn url(&mut self) -> String {
        self.browser.url(&self.tab)
    }

    /// What an expression on the page comes to.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        self.browser.evaluate(&self.tab, expression).unwrap()
    }

    /// Keeps a picture of the page under `target/`, to be looked at.
    pub(crate) fn picture(&mut self, name: &str) {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/pictures");
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join(format!("{name}.png")), self.browser.picture(&self.tab)).unwrap();
    }
}
