//! What strangers try with the pages.

use crate::browser::{Browser, client, named_client, request, settings};
use dayend_testkit::app::TestApp;

/// Texts that would be more than texts on a careless page.
const SCRIPTS: [&str; 9] = [
    "<script>alert(1)</script>",
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "</input><svg/onload=alert(1)>",
    "\" autofocus onfocus=alert(1) x=\"",
    "javascript:alert(1)",
    "{{7*7}}${7*7}",
    "</title></head><body onload=alert(1)>",
    "<!--<img src=\"--><img src=x onerror=alert(1)//\">",
];

#[tokio::test]
async fn nothing_that_is_sent_becomes_markup() {
    let app = TestApp::new().await;
    for script in SCRIPTS {
        let evil = named_client(&app, script, false, settings()).await;
        let mut browser = Browser::new(&app);
        let all =
            [("state", script), ("login_hint", script), ("nonce", script), ("ui_locales", script)];
        let page = browser.get(&request(&evil, &all)).await;
        assert_eq!(page.status, 200, "{script}");
        clean(&page.body, script);
        let refused = browser.fill(&page, &[("username", script), ("password", "x")]).await;
        assert_eq!(refused.status, 401, "{script}");
        clean(&refused.body, script);
        let page = browser.get(&request(&evil, &[("prompt", "consent"), ("state", script)])).await;
        let consent = browser.log_in(&app, &page).await;
        assert!(consent.title().starts_with("Allow "), "{script}: {}", consent.body);
        clean(&consent.body, script);
        let shown = browser.get(&request(&evil, &[("redirect_uri", script)])).await;
        assert_eq!(shown.status, 400);
        clean(&shown.body, script);
        let shown = browser.get(&request(&evil, &[("client_id", script)])).await;
        assert_eq!(shown.status, 400);
        clean(&shown.body, script);
        let asked = browser.get(&format!("/oauth2/v1/userlogout?state={}", encoded(script))).await;
        clean(&asked.body, script);
        let page = Browser::new(&app)
            .get(&format!("/ui/v1/signin?next={0}&tenant={0}", encoded(script)))
            .await;
        clean(&page.body, script);
    }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// No tag and no attribute of the page came from outside.
fn clean(body: &str, script: &str) {
    let tags = body.split('<').skip(1).map(|rest| rest.split('>').next().unwrap());
    for tag in tags {
        let name = tag.split([' ', '\n']).next().unwrap();
        assert!(
            !["script", "img", "svg", "iframe", "svg/onload=alert(1)"].contains(&name),
            "{script}: <{tag}>"
        );
        let attributes = tag.split('"').step_by(2).collect::<String>();
        assert!(
            !attributes.contains("onload")
                && !attributes.contains("onerror")
                && !attributes.contains("onfocus"),
            "{script}: <{tag}>"
        );
    }
}

#[tokio::test]
async fn every_page_is_kept_out_of_frames_caches_and_referrers() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let mut browser = Browser::new(&app);
    let paths = [
        request(&client, &[]),
        request(&client, &[("client_id", "x")]),
        "/ui/v1/signin".to_owned(),
        "/oauth2/v1/userlogout".to_owned(),
    ];
    for path in paths {
        let page = browser.get(&path).await;
        let policy = page.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "style-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
        assert_eq!(page.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
        assert_eq!(page.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
    }
}

#[tokio::test]
async fn a_form_counts_only_in_the_browser_that_it_was_shown_in() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let (mut mine, mut yours) = (Browser::new(&app), Browser::new(&app));
    let my_page = mine.get(&request(&client, &[])).await;
    let your_page = yours.get(&request(&client, &[])).await;
    let stolen = mine.log_in(&app, &your_page).await;
    assert_eq!((stolen.status, stolen.title().as_str()), (403, "Try again"));
    assert!(!mine.cookies.contains_key("__Host-dayend-session"));
    let (action, fields) = my_page.form();
    for left_out in ["token", "target", "purpose", "tenant"] {
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .filter(|(name, _)| name != left_out)
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(mine.post(&action, &fields).await.status, 403, "{left_out}");
    }
    let changed: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| {
            (name.as_str(), if name == "target" { "//evil.example" } else { value.as_str() })
        })
        .collect();
    assert_eq!(mine.post(&action, &changed).await.status, 403, "the target is sealed");

    let page = mine.log_in(&app, &my_page).await;
    assert!(page.parameter("code").is_some());
    let consent = mine.get(&request(&client, &[("prompt", "consent")])).await;
    let forged = yours.fill(&consent, &[("decision", "allow")]).await;
    assert_eq!(forged.status, 403);
    assert_eq!(mine.post("/ui/v1/consent", &[("decision", "allow")]).await.status, 403);
    assert!(mine.fill(&consent, &[("decision", "allow")]).await.parameter("code").is_some());
}

#[tokio::test]
async fn a_log_in_leads_nowhere_else() {
    let app = TestApp::new().await;
    #[rustfmt::skip]
    let nexts = [
        "//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", "/ui/v1/..//evil.example", "\t//evil.example",
        "/ui/v1//evil.example", "/%2f%2fevil.example", "/ui/v1/\r\nLocation: https://evil.example", "///evil.example", "@evil.example",
    ];
    for next in nexts {
        let mut browser = Browser::new(&app);
        let page = browser.get(&format!("/ui/v1/signin?next={}", encoded(next))).await;
        let back = browser.log_in(&app, &page).await;
        assert_eq!((back.status, back.location()), (303, "/ui/v1/"), "{next}");
    }
}
