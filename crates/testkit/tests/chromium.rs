//! The browser of the tests is a browser.

use dayend_testkit::chromium::Chromium;

#[test]
fn pages_are_shown_changed_and_waited_for() {
    let mut browser = Chromium::start(&[]);
    let tab = browser.open(
        "data:text/html,<p>one</p><script>setTimeout(() => document.body.innerText = 'two', 100)</script>",
    );
    assert_eq!(browser.wait_for(&tab, "document.body.innerText === 'two' && 6 * 7"), 42);
    assert_eq!(browser.evaluate(&tab, "nonsense.nonsense"), None);
    assert_eq!(browser.evaluate(&tab, "Promise.resolve('late')"), Some("late".into()));
}
