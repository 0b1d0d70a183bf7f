//! `dayend admin` and `dayend audit verify`.

mod server_support;

use serde_json::{Value, json};
use server_support::{Home, Said, run, run_with_input};
use std::fs;

#[tokio::test]
async fn a_new_user_can_log_in_until_switched_off() {
    let home = Home::initialised();
    let made = admin(&home, &["user", "add", "maria", "--display-name", "Maria Night"]);
    let password =
        made.ok().lines().find_map(|line| line.strip_prefix("password: ")).unwrap().to_owned();
    assert_eq!(home.log_in("maria", &password).await, 200);
    assert_eq!(admin(&home, &["user", "disable", "maria"]).ok(), "user maria is disabled\n");
    assert_eq!(home.log_in("maria", &password).await, 400);
    admin(&home, &["user", "enable", "maria"]).ok();
    let changed = admin(&home, &["user", "password", "maria"]);
    let newer =
        changed.ok().lines().find_map(|line| line.strip_prefix("password: ")).unwrap().to_owned();
    assert_eq!(home.log_in("maria", &password).await, 400);
    assert_eq!(home.log_in("maria", &newer).await, 200);
    insta::assert_snapshot!(admin(&home, &["user", "list"]).ok(), @r"
    admin	active	Administrator
    maria	active	Maria Night
    ");
}

#[tokio::test]
async fn a_chosen_password_comes_from_stdin_or_a_file_and_is_not_repeated() {
    let home = Home::initialised();
    let add = ["admin", "user", "add", "otto", "--data", home.text(), "--password-stdin"];
    let said = run_with_input(&add, "a passphrase that is long\n");
    assert_eq!(said.ok(), "user otto was made\n");
    assert_eq!(home.log_in("otto", "a passphrase that is long").await, 200);
    let file = home.data().join("work/password");
    fs::write(&file, "another phrase that is long").unwrap();
    let changed =
        admin(&home, &["user", "password", "otto", "--password-file", file.to_str().unwrap()]);
    assert_eq!(changed.ok(), "user otto has another password\n");
    assert_eq!(home.log_in("otto", "another phrase that is long").await, 200);
    let weak = run_with_input(
        &["admin", "user", "password", "otto", "--data", home.text(), "--password-stdin"],
        "kurz\n",
    );
    assert!(weak.failed_with(2).contains("at least"), "{}", weak.stderr);
    assert_eq!(
        admin(&home, &["user", "add", "eva", "--password", "geheim"]).code,
        2,
        "a password is never an argument"
    );
}

#[test]
fn names_that_exist_already_or_not_at_all_have_their_exit_codes() {
    let home = Home::initialised();
    assert!(admin(&home, &["user", "add", "admin"]).failed_with(8).contains("exists already"));
    assert!(admin(&home, &["user", "disable", "nobody"]).failed_with(6).contains("does not exist"));
    assert!(admin(&home, &["app", "secret", "nothing"]).failed_with(6).contains("does not exist"));
    assert!(
        admin(&home, &["user", "list", "--tenant", "elsewhere"])
            .failed_with(6)
            .contains("elsewhere")
    );
}

#[test]
fn apps_are_listed_with_what_they_may_do_and_never_with_their_secret() {
    let home = Home::initialised();
    let made = admin(&home, &["app", "add", "Control-M", "--client-id", "controlm", "--strict"]);
    let secret =
        made.ok().lines().find_map(|line| line.strip_prefix("client secret: ")).unwrap().to_owned();
    let public = [
        "app",
        "add",
        "Notebook",
        "--client-id",
        "notebook",
        "--public",
        "--grants",
        "authorization_code",
    ];
    assert!(!admin(&home, &public).ok().contains("secret"));
    let listed = admin(&home, &["app", "list"]);
    assert!(!listed.ok().contains(&secret));
    insta::assert_snapshot!(listed.ok().replace(&home.get("tenant"), "TENANT"), @r"
    TENANT_APPID	active	confidential	password client_credentials refresh_token authorization_code	Dayend
    controlm	active	confidential	client_credentials	Control-M
    dayend-cli	active	public	refresh_token authorization_code urn:ietf:params:oauth:grant-type:device_code	Dayend command line
    notebook	active	public	authorization_code	Notebook
    ");
}

#[test]
fn functions_are_granted_only_in_scopes_that_exist() {
    let home = Home::initialised();
    admin(&home, &["user", "add", "maria"]).ok();
    let scope = ["--service", "OFS_DAYEND", "--workspace", "WS001"];
    let grant = |verb: &str, functions: &str, scope: [&str; 4]| {
        let mut arguments = vec![verb, "--user", "maria", "--functions", functions];
        arguments.extend(scope);
        admin(&home, &arguments)
    };
    let granted = grant("grant", "BATCH_VIEW,BATCH_EXEC", scope);
    assert_eq!(granted.ok(), "maria holds BATCH_VIEW, BATCH_EXEC in OFS_DAYEND/WS001\n");
    let revoked = grant("revoke", "BATCH_EXEC", scope);
    assert_eq!(revoked.ok(), "maria no longer holds BATCH_EXEC in OFS_DAYEND/WS001\n");
    let elsewhere =
        grant("grant", "BATCH_VIEW", ["--service", "OFS_DAYEND", "--workspace", "WS002"]);
    assert!(elsewhere.failed_with(6).contains("WS002"), "{}", elsewhere.stderr);
    assert_eq!(grant("grant", "BATCH_NONE", scope).code, 2);
}

#[test]
fn the_audit_is_intact_until_somebody_changes_a_byte() {
    let home = Home::initialised();
    admin(&home, &["user", "add", "maria"]).ok();
    assert_eq!(
        run(&["audit", "verify", "--data", home.text()]).ok(),
        "23 records, 0 runs: intact\n"
    );
    let database = home.data().join("dayend.db");
    let mut bytes = fs::read(&database).unwrap();
    let text = b"Administrator";
    let places: Vec<usize> =
        (0..bytes.len() - text.len()).filter(|at| &bytes[*at..at + text.len()] == text).collect();
    for at in &places {
        bytes[*at] = b'a';
    }
    assert!(!places.is_empty());
    fs::write(&database, bytes).unwrap();
    let said = run(&["audit", "verify", "--data", home.text()]);
    let count = said.failed_with(1);
    assert!(count.contains("23 records, 0 runs: ") && count.contains("defect"), "{count}");
    assert!(said.stdout.contains("admin"), "{}", said.stdout);
}

#[test]
fn scripts_get_one_object_from_every_verb() {
    let home = Home::initialised();
    let object = |arguments: &[&str]| {
        let said = admin(&home, &[&["--json"], arguments].concat());
        serde_json::from_str::<Value>(said.ok()).expect(&said.stdout)
    };
    let made = object(&["user", "add", "maria"]);
    assert_eq!((&made["user"], made["password"].as_str().unwrap().len()), (&json!("maria"), 24));
    assert!(object(&["user", "password", "maria"])["password"].is_string());
    assert_eq!(
        object(&["user", "disable", "maria"]),
        json!({ "user": "maria", "state": "disabled" })
    );
    assert_eq!(
        object(&["user", "list"])["users"][1],
        json!({ "user": "maria", "state": "disabled", "display_name": "maria" })
    );
    let made = object(&["app", "add", "Control-M", "--client-id", "controlm"]);
    assert_eq!((&made["app"], &made["client_id"]), (&json!("Control-M"), &json!("controlm")));
    assert!(made["client_secret"].is_string());
    assert_eq!(object(&["app", "enable", "controlm"])["state"], "active");
    let apps = object(&["app", "list"]);
    assert_eq!(apps["apps"][1]["grants"], json!(["client_credentials"]), "{apps}");
    assert!(!apps.to_string().contains("secret"), "{apps}");
    assert_eq!(
        object(&["grant", "--app", "controlm", "--functions", "BATCH_VIEW"]),
        json!({ "client_id": "controlm", "functions": ["BATCH_VIEW"], "service": "*", "workspace": "*", "granted": true })
    );
    let verified = run(&["--json", "audit", "verify", "--data", home.text()]);
    let verified: Value = serde_json::from_str(verified.ok()).unwrap();
    assert_eq!((&verified["runs"], &verified["defects"]), (&json!(0), &json!([])));
}

#[test]
fn a_tenant_begins_with_its_first_workspace() {
    let home = Home::initialised();
    let second = ["--tenant", "second", "--service", "OFS_DAYEND", "--workspace", "WS001"];
    let add = |scope: [&str; 6]| admin(&home, &[&["scope", "add"], &scope[..]].concat());
    assert_eq!(add(second).ok(), "workspace second/OFS_DAYEND/WS001 was made\n");
    assert!(add(second).failed_with(8).contains("exists already"));
    let mut other = second;
    other[5] = "WS002";
    add(other).ok();
    for (at, bad) in [(1, "a/b"), (3, "*"), (5, "")] {
        let mut scope = second;
        scope[at] = bad;
        assert_eq!(add(scope).code, 2, "{bad:?} is no id");
    }
    let listed = admin(&home, &["scope", "list"]);
    insta::assert_snapshot!(listed.ok().replace(&home.get("tenant"), "TENANT"), @r"
    TENANT	OFS_DAYEND	WS001
    second	OFS_DAYEND	WS001
    second	OFS_DAYEND	WS002
    ");
    let object = admin(&home, &["--json", "scope", "list", "--tenant", "second"]);
    let object: Value = serde_json::from_str(object.ok()).unwrap();
    assert_eq!(
        object["scopes"][1],
        json!({ "tenant": "second", "service": "OFS_DAYEND", "workspace": "WS002" })
    );
    assert!(admin(&home, &["scope", "list", "--tenant", "third"]).failed_with(6).contains("third"));
    admin(&home, &["user", "add", "maria", "--tenant", "second"]).ok();
    assert!(admin(&home, &["user", "list", "--tenant", "second"]).ok().starts_with("maria\t"));
    assert!(!admin(&home, &["user", "list"]).ok().contains("maria"), "she is of another tenant");
    run(&["audit", "verify", "--data", home.text()]).ok();
}

fn admin(home: &Home, arguments: &[&str]) -> Said {
    let mut all = vec!["admin"];
    all.extend(arguments);
    all.extend(["--data", home.text()]);
    run(&all)
}
