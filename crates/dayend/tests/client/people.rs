//! People who log in at a real server: with a browser without scripts, and with Chromium.

use crate::support::{Person, Server, Walker, claims};
use dayend_testkit::chromium::Chromium;
use serde_json::Value;

/// A server, and a person whose profile holds its address and authority.
fn stage() -> (Server, Person) {
    let server = Server::start();
    let person = Person::with_address(server.url(), Some(&server.ca_file()));
    (server, person)
}

async fn log_in(server: &Server, person: &Person) {
    let login = person.begin(&[]);
    let mut browser = Walker::new(&server.ca_file());
    let form = browser.open(login.page.clone()).await;
    assert_eq!(form.status, 200, "{form:?}");
    let password = server.secret("password");
    let page = browser.submit(&form, &[("username", "admin"), ("password", &password)]).await;
    assert!(page.url.as_str().starts_with("http://127.0.0.1:"), "{page:?}");
    assert!(page.body.contains("You are logged in"), "{page:?}");
    let output = login.end();
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(output.stdout, format!("logged in at {} as admin\n", server.url()));
}

#[tokio::test]
async fn a_person_without_a_secret_on_disk_logs_in_and_runs_the_night() {
    let (server, person) = stage();
    let before = person.dayend(&["apply", "/nowhere"]);
    assert_ne!(before.code, 0);
    log_in(&server, &person).await;

    let whoami = person.dayend(&["--json", "whoami"]);
    let whoami: Value = serde_json::from_str(&whoami.stdout).unwrap();
    assert_eq!(
        (whoami["user"].as_str(), whoami["by"].as_str(), whoami["app"].as_str()),
        (Some("admin"), Some("login"), Some("dayend-cli"))
    );
    let batch = person.home().join("batch.yaml");
    std::fs::write(
        &batch,
        "apiVersion: dayend/v1\nkind: Batch\ncode: B\ntasks: [{ code: T, noop: {} }]\n",
    )
    .unwrap();
    let applied = person.dayend(&["apply", batch.to_str().unwrap()]);
    assert_eq!(applied.code, 0, "{applied:?}");
    let ran = person.dayend(&["run", "B", "--wait"]);
    assert_eq!(ran.code, 0, "{ran:?}");

    let token = person.dayend(&["token"]);
    assert_eq!(claims(&token.stdout)["sub"], "admin");
    let me = person.dayend(&["token", "--me"]);
    assert_eq!(claims(&me.stdout)["scope"], "urn:opc:idm:t.user.me", "{me:?}");
    let shown = person.dayend(&["token", "show"]);
    assert!(shown.stdout.ends_with("state                valid\n"), "{shown:?}");
}

#[tokio::test]
async fn a_renewal_spends_one_refresh_token_also_when_many_commands_need_it() {
    let (server, person) = stage();
    log_in(&server, &person).await;
    for _ in 0..3 {
        let before = person.kept_text();
        person.let_the_access_token_end();
        let mut children: Vec<_> = (0..4).map(|_| person.start(&["whoami"])).collect();
        for child in &mut children {
            assert_eq!(child.wait().unwrap().code(), Some(0));
        }
        assert_ne!(person.kept_text(), before);
    }
}

#[tokio::test]
async fn after_logging_out_the_tokens_are_no_good_even_in_other_hands() {
    let (server, person) = stage();
    log_in(&server, &person).await;
    let (token, file) = (person.dayend(&["token"]).stdout, person.home().join("stolen"));
    std::fs::write(&file, &token).unwrap();
    let path = file.to_str().unwrap();
    let shown = server.dayend(&["token", "show", path]);
    assert!(shown.stdout.ends_with("state                valid\n"), "{shown:?}");
    let kept: Value = serde_json::from_str(&person.kept_text()).unwrap();

    let out = person.dayend(&["logout"]);
    assert_eq!((out.code, person.kept()), (0, None), "{out:?}");
    let shown = server.dayend(&["token", "show", path]);
    assert_eq!(shown.code, 9, "{shown:?}");
    assert!(shown.stdout.ends_with("state                not valid\n"), "{shown:?}");
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", kept["refresh_token"].as_str().unwrap()),
        ("client_id", "dayend-cli"),
    ];
    let client = Walker::new(&server.ca_file()).into_client();
    let answer = client.post(format!("{}/oauth2/v1/token", server.url())).form(&form).send();
    assert_eq!(answer.await.unwrap().status().as_u16(), 400);
}

#[tokio::test]
async fn a_token_file_can_be_revoked_by_the_app_that_got_it_and_by_no_other() {
    let (server, person) = stage();
    let file = server.data().join("tokens.tok");
    let path = file.to_str().unwrap();
    assert_eq!(server.dayend(&["token", "--offline", "--grant", "password", "-o", path]).code, 0);
    let refused = person.dayend(&["token", "revoke", path]);
    assert!(refused.code == 9 && refused.stderr.contains("only that can revoke it"), "{refused:?}");
    assert_eq!(server.dayend(&["token", "show", path]).code, 0);
    let revoked = server.dayend(&["token", "revoke", path]);
    assert_eq!(revoked.code, 0, "{revoked:?}");
    assert_eq!(server.dayend(&["token", "show", path]).code, 9);
}

#[tokio::test]
async fn a_person_types_the_code_of_a_device_into_a_browser_and_the_device_is_logged_in() {
    let (server, person) = stage();
    let login = person.begin_on_a_device();
    let code = login.parameter("user_code");
    let mut browser = Walker::new(&server.ca_file());
    let form = browser.open(login.page.clone()).await;
    let password = server.secret("password");
    let form = browser.submit(&form, &[("username", "admin"), ("password", &password)]).await;
    assert!(form.body.contains(&code), "the code is filled in already: {form:?}");
    let question = browser.submit(&form, &[("user_code", &code)]).await;
    assert!(question.body.contains("on another device"), "{question:?}");
    let done = browser.submit(&question, &[("decision", "allow")]).await;
    assert!(done.body.contains("The device goes on by itself"), "{done:?}");
    let output = login.end();
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(output.stdout, format!("logged in at {} as admin\n", server.url()));
    let whoami = person.dayend(&["--json", "whoami"]);
    let whoami: Value = serde_json::from_str(&whoami.stdout).unwrap();
    assert_eq!((whoami["user"].as_str(), whoami["by"].as_str()), (Some("admin"), Some("login")));
    person.let_the_access_token_end();
    assert_eq!(person.dayend(&["whoami"]).code, 0, "the refresh token of a device is good");

    let login = person.begin_on_a_device();
    let code = login.parameter("user_code");
    let form = browser.open(login.page.clone()).await;
    let question = browser.submit(&form, &[("user_code", &code)]).await;
    browser.submit(&question, &[("decision", "deny")]).await;
    let output = login.end();
    assert_eq!(output.code, 9, "{output:?}");
    assert!(output.stderr.contains("refused in the browser"), "{output:?}");
}

#[test]
fn a_person_logs_in_with_chromium() {
    let (server, person) = stage();
    let login = person.begin(&[]);
    let mut browser = Chromium::start(&[]);
    let tab = browser.open(login.page.as_str());
    browser.wait_for(&tab, "document.querySelector('input[type=password]') !== null");
    let password = server.secret("password");
    browser.evaluate(
        &tab,
        &format!(
            "document.querySelector('[name=username]').value = 'admin';\
             document.querySelector('[name=password]').value = '{password}';\
             document.querySelector('form').requestSubmit(); 1"
        ),
    );
    let said = browser.wait_for(
        &tab,
        "location.href.startsWith('http://127.0.0.1:') && document.readyState === 'complete' && document.body.innerText",
    );
    assert!(said.as_str().unwrap().contains("You may close this page"), "{said}");
    let output = login.end();
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(person.dayend(&["whoami"]).code, 0);
}
