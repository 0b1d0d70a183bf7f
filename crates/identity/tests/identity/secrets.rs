//! Secrets are shown once and stored nowhere; everything else is in the history.

use crate::harness::{ISSUER, MY_SCOPES, NOW, OFFLINE, PASSWORD, Server, USER, basic, request};
use dayend_identity::keys::{self, KeyError, Keys};
use dayend_identity::{Identity, IdentitySettings, OpenError};
use dayend_store::port::Store as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

#[tokio::test]
async fn no_secret_can_be_found_in_the_database_files() {
    let server = Server::start().await;
    let first = server.log_in(PASSWORD, OFFLINE, NOW).await.unwrap();
    let second = server.refresh(first.refresh_token.as_deref().unwrap(), NOW).await.unwrap();
    server.refresh(first.refresh_token.as_deref().unwrap(), NOW).await.unwrap_err();
    let mistyped = "correct horse in the wrong field";
    server
        .identity
        .token(server.log_in_request(mistyped, "wrong", MY_SCOPES), NOW)
        .await
        .unwrap_err();
    server
        .identity
        .token(request(basic(mistyped, "wrong"), "client_credentials"), NOW)
        .await
        .unwrap_err();
    let secrets = [
        ("the password", PASSWORD),
        ("the client secret", server.client_secret.as_str()),
        ("an access token", first.access_token.as_str()),
        ("its signature", first.access_token.rsplit('.').next().unwrap()),
        ("a refresh token", first.refresh_token.as_deref().unwrap()),
        ("its successor", second.refresh_token.as_deref().unwrap()),
        ("a secret in the wrong field", mistyped),
    ];
    let while_open = database_bytes(server.dir.path());
    server.store.close().await;
    let after = database_bytes(server.dir.path());
    for bytes in [while_open, after] {
        assert!(
            contains(&bytes, USER),
            "the user is in these files, so it is the right ones that are searched"
        );
        for (name, secret) in secrets {
            assert!(!contains(&bytes, secret), "{name} is in the database");
        }
    }
}

#[tokio::test]
async fn every_issue_refusal_and_change_is_in_the_history() {
    let server = Server::start().await;
    let first = server.log_in(PASSWORD, OFFLINE, NOW).await.unwrap().refresh_token.unwrap();
    server.refresh(&first, NOW).await.unwrap();
    server.refresh(&first, NOW).await.unwrap_err();
    server.log_in("wrong", MY_SCOPES, NOW).await.unwrap_err();
    server
        .identity
        .token(request(basic("nobody", "x"), "client_credentials"), NOW)
        .await
        .unwrap_err();
    let lines: Vec<String> = server
        .history()
        .await
        .iter()
        .map(|row| line(&row.record.event, &row.record.actor, &row.record.detail))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    user by test: {"action":"create","tenant":"bank01","user":"cneadmin","id":"<id>","active":true}
    app by test: {"action":"create","tenant":"bank01","client":"bank01_APPID","grants":"password client_credentials refresh_token","active":true}
    token by cneadmin@bank01_APPID: {"tenant":"bank01","grant":"password","jti":"<id>","expires_in_s":3600,"refresh_token":true}
    token by cneadmin@bank01_APPID: {"tenant":"bank01","grant":"refresh_token","jti":"<id>","expires_in_s":3600,"refresh_token":true}
    token-refused by cneadmin@bank01_APPID: {"tenant":"bank01","grant":"refresh_token","reason":"reused","revoked_family":"<id>"}
    token-refused by bank01_APPID: {"client":"bank01_APPID","client_proven":true,"user":"cneadmin","grant":"password","reason":"invalid_grant","left_out_before":0}
    token-refused by anonymous: {"client":null,"client_proven":false,"user":null,"grant":null,"reason":"invalid_client","left_out_before":0}
    "#);
}

#[tokio::test]
async fn keys_that_others_can_read_are_refused_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let keys_dir = dir.path().join("keys");
    keys::create(&keys_dir).unwrap();
    for name in ["signing.key", "secrets.key"] {
        let path = keys_dir.join(name);
        let mode =
            |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for open in [0o640, 0o604, 0o620] {
            mode(open);
            let refused = Keys::load(&keys_dir).unwrap_err();
            assert!(matches!(refused, KeyError::ReadableByOthers { .. }), "{refused}");
            assert!(
                refused.to_string().contains("chmod 600") && refused.to_string().contains(name),
                "{refused}"
            );
        }
        mode(0o600);
    }
    Keys::load(&keys_dir).unwrap();
}

#[tokio::test]
async fn keys_are_never_overwritten_and_damaged_ones_never_used() {
    let dir = tempfile::tempdir().unwrap();
    keys::create(dir.path()).unwrap();
    let labelled = Keys::load(dir.path()).unwrap().derive("callback");
    assert!(matches!(keys::create(dir.path()).unwrap_err(), KeyError::Exists { .. }));
    assert_eq!(
        Keys::load(dir.path()).unwrap().derive("callback"),
        labelled,
        "a derived key is the same at every start"
    );
    assert_ne!(Keys::load(dir.path()).unwrap().derive("another"), labelled);
    let other = tempfile::tempdir().unwrap();
    keys::create(other.path()).unwrap();
    assert_ne!(Keys::load(other.path()).unwrap().derive("callback"), labelled);
    for (name, content) in
        [("signing.der", &b"x"[..]), ("signing.key", b"-----BEGIN"), ("secrets.key", b"short")]
    {
        let path = other.path().join(name);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, content).unwrap();
        let damaged = Keys::load(other.path()).unwrap_err();
        assert!(matches!(damaged, KeyError::Invalid { .. }), "{name}");
        let aside = other.path().join("aside");
        std::fs::rename(&path, &aside).unwrap();
        let missing = Keys::load(other.path()).unwrap_err();
        std::fs::rename(&aside, &path).unwrap();
        for sentence in [damaged.to_string(), missing.to_string()] {
            assert!(sentence.contains(name) && sentence.contains("from a backup"), "{sentence}");
        }
        std::fs::write(&path, whole).unwrap();
    }
    std::fs::copy(dir.path().join("signing.der"), other.path().join("signing.der")).unwrap();
    assert!(
        matches!(Keys::load(other.path()).unwrap_err(), KeyError::Invalid { .. }),
        "another key's certificate"
    );
}

#[tokio::test]
async fn an_issuer_that_is_no_url_is_refused() {
    let server = Server::start().await;
    for issuer in ["", "dayend", "ftp://x", "https://x/?q", "https://x y", "https://x\"y"] {
        let settings = IdentitySettings::new(issuer, server.dir.path().join("keys"));
        let refused = Identity::open(
            Arc::clone(&server.store) as _,
            Arc::clone(&server.writer) as _,
            settings,
        )
        .unwrap_err();
        assert!(matches!(refused, OpenError::Issuer(_)), "{issuer}: {refused}");
    }
}

#[tokio::test]
async fn a_lifetime_that_nobody_can_mean_is_refused() {
    let server = Server::start().await;
    let usual = IdentitySettings::new(ISSUER, server.dir.path().join("keys"));
    let wrong = [
        IdentitySettings { access_token_s: 59, ..usual.clone() },
        IdentitySettings { max_access_token_s: 31_536_001, ..usual.clone() },
        IdentitySettings { refresh_token_s: 0, ..usual },
    ];
    for settings in wrong {
        let (store, writer) = (Arc::clone(&server.store), Arc::clone(&server.writer));
        let refused = Identity::open(store, writer, settings).unwrap_err();
        assert!(matches!(refused, OpenError::Lifetime { .. }), "{refused}");
    }
}

fn database_bytes(dir: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file());
    files.flat_map(|path| std::fs::read(path).unwrap()).collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

/// A record with its random ids replaced.
fn line(event: &str, actor: &str, detail: &str) -> String {
    let ids = detail.split('"').filter(|part| {
        matches!(part.len(), 21 | 32) && part.bytes().all(|digit| digit.is_ascii_hexdigit())
    });
    let detail = ids.fold(detail.to_owned(), |text, id| text.replace(id, "<id>"));
    format!("{event} by {actor}: {detail}")
}
