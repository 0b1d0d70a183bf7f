//! What people do for themselves: passwords, tokens, apps.

use crate::browser::{Browser, Page, between, client, request, settings};
use dayend_identity::admin::{Administrator, AppRole, GroupDraft, Holder, NewUser, Right};
use dayend_identity::caller::Function;
use dayend_identity::model::{Email, UserProfile};
use dayend_testkit::app::{TENANT, TestApp, USER};
use dayend_web::ui::{Mail, Mailer};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

async fn logged_in(app: &TestApp) -> Browser {
    let mut browser = Browser::new(app);
    let page = browser.get("/ui/v1/signin").await;
    let home = browser.log_in(app, &page).await;
    assert_eq!((home.status, home.location()), (303, "/ui/v1/"));
    browser
}

#[tokio::test]
async fn who_is_not_logged_in_logs_in_first_and_comes_back() {
    let app = TestApp::new().await;
    for path in ["/ui/v1/", "/ui/v1/tokens", "/ui/v1/consents", "/ui/v1/password", "/ui/v1/apps"] {
        let mut browser = Browser::new(&app);
        let sent = browser.get(path).await;
        assert_eq!(sent.status, 303, "{path}");
        let page = browser.get(sent.location()).await;
        let back = browser.log_in(&app, &page).await;
        assert_eq!(back.location(), path);
        assert_eq!(browser.get(path).await.status, 200, "{path}");
        let posted = Browser::new(&app).post(path, &[("token", "x")]).await;
        assert!([303, 405].contains(&posted.status), "{path}: {}", posted.status);
    }
}

#[tokio::test]
async fn a_changed_password_ends_everything_that_began_before() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let (mut here, mut there) = (logged_in(&app).await, logged_in(&app).await);
    let form = [
        ("grant_type", "password"),
        ("client_id", app.client_id.as_str()),
        ("client_secret", app.client_secret.expose_secret()),
        ("username", USER),
        ("password", app.password.expose_secret()),
    ];
    let token = here.post("/oauth2/v1/token", &form).await;
    let token: Value = serde_json::from_str(&token.body).unwrap();
    let token = token["access_token"].as_str().unwrap();
    app.clock.advance(Duration::from_secs(1));
    let page = here.get("/ui/v1/password").await;
    let new = "another good passphrase";
    let old = app.password.expose_secret();
    #[rustfmt::skip]
    let refused: [(&str, &str, &str, u16, &str); 4] = [
        ("wrong wrong wrong", new,      new,      403, "old password is wrong"),
        (old,                 new,      "typo",   400, "differ"),
        (old,                 "short",  "short",  400, "at least 12 characters"),
        (old,                 "password1234567", "password1234567", 400, "tried first"),
    ];
    for (old, new, again, status, words) in refused {
        let page = here.fill(&page, &[("old", old), ("new", new), ("again", again)]).await;
        assert_eq!(page.status, status, "{words}");
        assert!(page.body.contains(words), "{}", page.body);
    }
    let done = here.fill(&page, &[("old", old), ("new", new), ("again", new)]).await;
    assert_eq!((done.status, done.title().as_str()), (200, "Password changed"), "{}", done.body);
    assert_eq!(here.get("/ui/v1/tokens").await.status, 200, "this session goes on");
    let path = request(&client, &[("prompt", "none")]);
    assert!(here.get(&path).await.parameter("code").is_some());
    assert_eq!(there.get(&path).await.parameter("error").as_deref(), Some("login_required"));
    assert!(app.service.authenticate(token).await.is_err(), "tokens end, too");
    let again = here.fill(&page, &[("old", new), ("new", old), ("again", old)]).await;
    assert_eq!(again.status, 403, "the form was of the session that ended");
}

/// Keeps letters instead of sending them.
struct Pigeonhole(mpsc::UnboundedSender<Mail>);

impl Mailer for Pigeonhole {
    fn send(&self, mail: Mail) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + '_>> {
        Box::pin(async move { self.0.send(mail).map_err(|error| error.to_string()) })
    }
}

#[tokio::test]
async fn a_mailed_link_sets_a_password_once() {
    let mut app = TestApp::new().await;
    let (sender, mut letters) = mpsc::unbounded_channel();
    app.app = app.app.clone().with_mailer(Arc::new(Pigeonhole(sender)));
    let user = app.caller.user.clone().unwrap();
    let email =
        Email { value: "night@bank.example".to_owned(), kind: "work".to_owned(), primary: true };
    let profile = UserProfile { emails: vec![email], ..UserProfile::default() };
    let identity = app.service.identity();
    identity
        .put_user_profile("test", (TENANT, &user.id), &profile, app.service.now())
        .await
        .unwrap();
    let silent = NewUser {
        tenant: TENANT.to_owned(),
        name: "no-mail".to_owned(),
        display_name: "No mail".to_owned(),
        password: None,
    };
    identity.create_user("test", silent, app.service.now()).await.unwrap();

    let mut there = logged_in(&app).await;
    app.clock.advance(Duration::from_secs(1));
    let mut browser = Browser::new(&app);
    let page = browser.get("/ui/v1/reset").await;
    let mut answers = Vec::new();
    for name in ["nobody", "no-mail", USER] {
        let answer = browser.fill(&page, &[("username", name)]).await;
        answers.push((answer.status, answer.body));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2], "nobody learns who exists");
    let letter = letters.recv().await.unwrap();
    assert_eq!(letter.to, "night@bank.example");
    let link = between(&letter.text, "https://127.0.0.1:8443", "\n").to_owned();
    assert!(link.starts_with("/ui/v1/reset/"), "{}", letter.text);
    let form = browser.get(&link).await;
    assert_eq!((form.status, form.title().as_str()), (200, "Set a new password"));
    let weak = browser.fill(&form, &[("new", "short"), ("again", "short")]).await;
    assert_eq!(weak.status, 400);
    let new = "another good passphrase";
    let done = browser.fill(&form, &[("new", new), ("again", new)]).await;
    assert_eq!((done.status, done.title().as_str()), (200, "Password changed"));
    let twice = browser.fill(&form, &[("new", new), ("again", new)]).await;
    assert_eq!((twice.status, twice.title().as_str()), (404, "This did not work"));
    assert_eq!(browser.get(&link).await.status, 404);
    assert_eq!(there.get("/ui/v1/tokens").await.status, 303, "sessions end");
    let page = browser.get("/ui/v1/signin").await;
    let home = browser.fill(&page, &[("username", USER), ("password", new)]).await;
    assert_eq!(home.status, 303);

    let page = browser.get("/ui/v1/reset").await;
    for _ in 0..6 {
        browser.fill(&page, &[("username", USER)]).await;
    }
    let late = letters.recv().await.unwrap();
    app.clock.advance(Duration::from_mins(31));
    let link = between(&late.text, "https://127.0.0.1:8443", "\n").to_owned();
    assert_eq!(browser.get(&link).await.status, 404, "half an hour");
    for other in ["x", &"A".repeat(43), "..%2f..%2f"] {
        assert_eq!(browser.get(&format!("/ui/v1/reset/{other}")).await.status, 404, "{other}");
    }
}

#[tokio::test]
async fn without_a_mail_server_there_is_no_link() {
    let app = TestApp::new().await;
    let mut browser = Browser::new(&app);
    assert_eq!(browser.get("/ui/v1/reset").await.status, 404);
    let page = browser.get("/ui/v1/signin").await;
    assert!(!page.body.contains("Forgotten"));
}

#[tokio::test]
async fn a_personal_token_is_downloaded_and_works() {
    let app = TestApp::new().await;
    let mut browser = logged_in(&app).await;
    let page = browser.get("/ui/v1/tokens").await;
    assert!(
        page.body.contains("Invokes Identity Cloud Service APIs")
            && page.body.contains(&app.client_id)
    );
    let chosen = [("app", app.client_id.as_str()), ("all", "yes"), ("minutes", "5")];
    let file = browser.fill(&page, &chosen).await;
    assert_eq!(file.status, 200, "{}", file.body);
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"tokens.tok\"");
    assert_eq!(file.header("cache-control"), "no-store");
    let content: Value = serde_json::from_str(&file.body).unwrap();
    let token = content["app_access_token"].as_str().unwrap();
    let caller = app.service.authenticate(token).await.unwrap();
    assert_eq!(caller.user.unwrap().name, USER);
    let claims = crate::codes::claims(token);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
    app.clock.advance(Duration::from_secs(301));
    assert!(app.service.authenticate(token).await.is_err());

    let page = browser.get("/ui/v1/tokens").await;
    #[rustfmt::skip]
    let refused: [(&str, &[(&str, &str)]); 6] = [
        ("no scope",       &[("app", &app.client_id), ("minutes", "5")]),
        ("no expiry",      &[("app", &app.client_id), ("me", "yes"), ("minutes", "")]),
        ("too long",       &[("app", &app.client_id), ("me", "yes"), ("minutes", "527041")]),
        ("nothing",        &[("app", &app.client_id), ("me", "yes"), ("minutes", "0")]),
        ("unknown app",    &[("app", "nobody"), ("me", "yes"), ("minutes", "5")]),
        ("unknown scope",  &[("app", &app.client_id), ("other", "admin"), ("minutes", "5")]),
    ];
    for (name, fields) in refused {
        let answer = browser.fill(&page, fields).await;
        assert_eq!(answer.status, 400, "{name}");
        assert!(answer.body.contains("role=\"alert\""), "{name}");
    }
}

#[tokio::test]
async fn an_administrator_renews_a_secret_and_others_see_no_app() {
    let app = TestApp::new().await;
    let client = client(&app, false, settings()).await;
    let path = format!("/ui/v1/apps/{}", client.id);
    let mut browser = logged_in(&app).await;
    let list = browser.get("/ui/v1/apps").await;
    assert!(list.body.contains(&client.id) && list.body.contains(&app.client_id));
    let page = browser.get(&path).await;
    assert!(page.body.contains(&client.id) && page.body.contains("https://app.example/cb"));
    let wrong = browser.fill(&page, &[("password", "wrong wrong wrong")]).await;
    assert_eq!((wrong.status, wrong.body.contains("password is wrong")), (403, true));
    let shown = browser.fill(&page, &[("password", app.password.expose_secret())]).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    let secret =
        shown.body.rsplit(r#"<p class="secret">"#).next().unwrap().split('<').next().unwrap();
    let outcome = async |secret: &str| {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", "x"),
            ("client_id", client.id.as_str()),
            ("client_secret", secret),
        ];
        let answer: Page = Browser::new(&app).post("/oauth2/v1/token", &form).await;
        serde_json::from_str::<Value>(&answer.body).unwrap()["error"].as_str().unwrap().to_owned()
    };
    assert_eq!(outcome(client.secret.as_deref().unwrap()).await, "invalid_client", "the old one");
    assert_eq!(outcome(secret).await, "invalid_grant", "the new one is accepted");
    assert!(!browser.get(&path).await.body.contains(secret), "it is shown once");
    assert_eq!(browser.get("/ui/v1/apps/nobody").await.status, 404);

    let identity = app.service.identity();
    let plain = NewUser {
        tenant: TENANT.to_owned(),
        name: "plain".to_owned(),
        display_name: "Plain".to_owned(),
        password: Some("some ordinary words".into()),
    };
    identity.create_user("test", plain, app.service.now()).await.unwrap();
    let mut other = Browser::new(&app);
    let login = other.get("/ui/v1/signin").await;
    other.fill(&login, &[("username", "plain"), ("password", "some ordinary words")]).await;
    for path in ["/ui/v1/apps", &path, "/ui/v1/apps/nobody"] {
        let page = other.get(path).await;
        assert_eq!((page.status, page.title().as_str()), (403, "Not for you"), "{path}");
    }
    assert!(!other.get("/ui/v1/").await.body.contains("/ui/v1/apps"));
    let stolen = other.fill(&page, &[("password", "some ordinary words")]).await;
    assert_eq!(stolen.status, 403);

    let (by, now) = (Administrator::on_the_machine("test"), app.service.now());
    let plain = identity.user_named(TENANT, "plain").await.unwrap().unwrap();
    let draft = GroupDraft {
        display_name: "Administrators".to_owned(),
        external_id: String::new(),
        description: String::new(),
        members: Some([Holder::User(plain.id)].into()),
    };
    let group = identity.create_group(&by, TENANT, draft, now).await.unwrap();
    for (right, status) in [
        (Right::Role(AppRole::GlobalViewer), 403),
        (Right::Role(AppRole::DomainAdministrator), 200),
        (Right::everywhere(Function::Admin), 200),
    ] {
        let given = (Holder::Group(group.id.clone()), right.clone());
        identity.give(&by, TENANT, given, now).await.unwrap();
        assert_eq!(other.get("/ui/v1/apps").await.status, status, "{right:?} through a group");
        let taken = (&Holder::Group(group.id.clone()), &right);
        identity.take(&by, TENANT, taken, now).await.unwrap();
        assert_eq!(other.get("/ui/v1/apps").await.status, 403, "{right:?} was taken away");
    }
}
