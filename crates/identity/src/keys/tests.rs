//! Keys on a disk: rotated, retired, encrypted, and found damaged.

use super::change::KeyChangeError;
use super::ring_view::{KeyState, KeyView};
use super::signing_keys::Looked;
use super::{KeyDirectory, KeyError, Keys, MasterKey};
use dayend_engine::time::Timestamp;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use tempfile::TempDir;

const NOW: Timestamp = Timestamp(1_790_000_000_000_000);
const DAY_S: u64 = 86_400;
const SECRET_FILES: [&str; 3] = ["secrets.key", "signing.key", "keys.json"];

fn later(seconds: i64) -> Timestamp {
    Timestamp(NOW.0 + seconds * 1_000_000)
}

fn made(master: Option<MasterKey>) -> (TempDir, KeyDirectory) {
    let dir = tempfile::tempdir().unwrap();
    let directory = KeyDirectory::new(dir.path().join("keys"), master);
    directory.fill().unwrap();
    (dir, directory)
}

fn master(digit: &str) -> MasterKey {
    MasterKey::from_text(&digit.repeat(64)).unwrap()
}

fn states(directory: &KeyDirectory, now: Timestamp) -> Vec<(String, KeyState)> {
    let views = directory.list(now).unwrap();
    views.into_iter().map(|KeyView { kid, state, .. }| (kid, state)).collect()
}

/// The names in the published set.
fn published(keys: &Keys, now: Timestamp) -> Vec<String> {
    let set = keys.signing.jwks(now);
    let kid = |key: &serde_json::Value| key["kid"].as_str().unwrap().to_owned();
    set["keys"].as_array().unwrap().iter().map(kid).collect()
}

/// The name in the header of a fresh token.
fn signer(keys: &Keys) -> String {
    let token = keys.signing.sign(&serde_json::json!({}));
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

#[test]
fn a_running_server_publishes_the_next_key_before_it_signs_and_drops_the_old_one_after_its_last_token()
 {
    let (_dir, directory) = made(None);
    let keys = Keys::open(&directory).unwrap();
    assert_eq!(
        (signer(&keys), published(&keys, NOW)),
        ("SIGNING_KEY".into(), vec!["SIGNING_KEY".into()])
    );
    assert_eq!(keys.signing.look(NOW), Looked::Unchanged);
    let rotation = directory.rotate("test", (NOW, later(600)), DAY_S).unwrap();
    assert_eq!(rotation.kid, "SIGNING_KEY_2");
    assert_eq!(keys.signing.look(NOW), Looked::Exchanged);
    assert_eq!(signer(&keys), "SIGNING_KEY");
    assert_eq!(published(&keys, NOW), ["SIGNING_KEY", "SIGNING_KEY_2"]);
    assert_eq!(keys.signing.look(later(600)), Looked::Unchanged);
    assert_eq!(signer(&keys), "SIGNING_KEY_2");
    let end = 600 + i64::try_from(DAY_S).unwrap();
    for (at, verifies) in [(600, true), (end - 1, true), (end, false)] {
        assert_eq!(keys.signing.verifying("SIGNING_KEY", later(at)).is_some(), verifies, "{at}");
    }
    assert_eq!(published(&keys, later(end)), ["SIGNING_KEY_2"]);
    assert_eq!(
        states(&directory, NOW),
        [("SIGNING_KEY".into(), KeyState::Signing), ("SIGNING_KEY_2".into(), KeyState::Next)]
    );
}

#[test]
fn a_key_retired_at_once_is_gone_at_once_and_the_signing_key_cannot_be_retired() {
    let (dir, directory) = made(None);
    let keys = Keys::open(&directory).unwrap();
    let in_use = directory.retire("test", "SIGNING_KEY", NOW, true).unwrap_err();
    assert!(matches!(in_use, KeyChangeError::InUse(_)), "{in_use}");
    directory.rotate("test", (NOW, later(600)), DAY_S).unwrap();
    for kid in ["SIGNING_KEY", "SIGNING_KEY_2"] {
        let refused = directory.retire("test", kid, NOW, true).unwrap_err();
        assert!(matches!(refused, KeyChangeError::InUse(_)), "{kid}: {refused}");
    }
    let again = directory.rotate("test", (NOW, later(600)), DAY_S).unwrap_err();
    assert!(matches!(again, KeyChangeError::NextExists(_)), "{again}");
    assert_eq!(directory.rotate("test", (NOW, NOW), DAY_S).unwrap().kid, "SIGNING_KEY_2");
    let planned = directory.retire("test", "SIGNING_KEY", NOW, false).unwrap();
    assert_eq!(planned, later(86_400));
    keys.signing.look(NOW);
    assert!(keys.signing.verifying("SIGNING_KEY", NOW).is_some());
    directory.retire("test", "SIGNING_KEY", NOW, true).unwrap();
    keys.signing.look(NOW);
    assert!(keys.signing.verifying("SIGNING_KEY", NOW).is_none());
    assert_eq!(published(&keys, NOW), ["SIGNING_KEY_2"]);
    for file in ["signing.key", "signing.der"] {
        assert!(!dir.path().join("keys").join(file).exists(), "{file}");
    }
    let unknown = directory.retire("test", "../signing", NOW, true).unwrap_err();
    assert!(matches!(unknown, KeyChangeError::Unknown(_)), "{unknown}");
    assert_eq!(signer(&Keys::open(&directory).unwrap()), "SIGNING_KEY_2");
}

#[test]
fn a_replaced_key_verifies_without_its_private_part() {
    let (dir, directory) = made(None);
    let keys = Keys::open(&directory).unwrap();
    let token = keys.signing.sign(&serde_json::json!({ "sub": "anna" }));
    directory.rotate("test", (NOW, NOW), DAY_S).unwrap();
    assert!(!dir.path().join("keys/signing.key").exists());
    let again = Keys::open(&directory).unwrap();
    let key = again.signing.verifying("SIGNING_KEY", NOW).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_required_spec_claims::<&str>(&[]);
    validation.validate_exp = false;
    jsonwebtoken::decode::<serde_json::Value>(&token, key.decoding(), &validation).unwrap();
    assert_eq!(again.signing.jwks(NOW)["keys"][0], keys.signing.jwks(NOW)["keys"][0]);
}

#[test]
fn keys_are_encrypted_under_the_master_key_and_another_one_changes_nothing() {
    let (dir, directory) = made(Some(master("1")));
    directory.rotate("test", (NOW, NOW), DAY_S).unwrap();
    let files: Vec<_> =
        fs::read_dir(dir.path().join("keys")).unwrap().map(|file| file.unwrap().path()).collect();
    for file in &files {
        let bytes = fs::read(file).unwrap();
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        assert!(
            !shown.contains("PRIVATE KEY") && !shown.contains("signs_from"),
            "{}",
            file.display()
        );
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    Keys::open(&directory).unwrap();
    let before: Vec<_> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    let other = directory.under(Some(master("2")));
    assert!(matches!(Keys::open(&other).unwrap_err(), KeyError::WrongMasterKey { .. }));
    assert!(matches!(Keys::open(&directory.under(None)).unwrap_err(), KeyError::Encrypted { .. }));
    for refused in [
        other.rotate("test", (NOW, NOW), DAY_S).map(|_| ()),
        other.decrypt("test", NOW),
        other.encrypt("test", NOW),
        other.rewrap("test", master("3"), NOW),
    ] {
        refused.unwrap_err();
    }
    let after: Vec<_> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    assert_eq!(before, after);
}

#[test]
fn encryption_begins_changes_and_ends_in_place_and_the_keys_stay_the_same() {
    let (_dir, plain) = made(None);
    plain.rotate("test", (NOW, later(600)), DAY_S).unwrap();
    let facts = |directory: &KeyDirectory| {
        let keys = Keys::open(directory).unwrap();
        (keys.derive("x"), keys.signing.jwks(NOW), signer(&keys))
    };
    let first = facts(&plain);
    let sealed = plain.under(Some(master("1")));
    assert!(matches!(Keys::open(&sealed).unwrap_err(), KeyError::NotEncrypted { .. }));
    assert!(matches!(plain.encrypt("test", NOW).unwrap_err(), KeyChangeError::NoMasterKey));
    sealed.encrypt("test", NOW).unwrap();
    assert_eq!(facts(&sealed), first);
    sealed.rewrap("test", master("2"), NOW).unwrap();
    let rewrapped = plain.under(Some(master("2")));
    assert_eq!(facts(&rewrapped), first);
    Keys::open(&sealed).unwrap_err();
    rewrapped.decrypt("test", NOW).unwrap();
    assert_eq!(facts(&plain), first);
}

#[test]
fn encryption_that_was_interrupted_anywhere_goes_on() {
    for done in 0..=SECRET_FILES.len() {
        let (dir, plain) = made(None);
        plain.rotate("test", (NOW, later(600)), DAY_S).unwrap();
        let sealed = plain.under(Some(master("1")));
        let copy = tempfile::tempdir().unwrap();
        for file in SECRET_FILES {
            fs::copy(dir.path().join("keys").join(file), copy.path().join(file)).unwrap();
        }
        sealed.encrypt("test", NOW).unwrap();
        // As if the power had failed after the first `done` files.
        for file in &SECRET_FILES[done..] {
            fs::copy(copy.path().join(file), dir.path().join("keys").join(file)).unwrap();
        }
        sealed.encrypt("test", NOW).unwrap();
        Keys::open(&sealed).unwrap_or_else(|error| panic!("{done}: {error}"));
    }
}

#[test]
fn a_ring_that_becomes_unreadable_under_a_running_server_changes_nothing_for_it() {
    let (dir, directory) = made(None);
    let keys = Keys::open(&directory).unwrap();
    let ring = dir.path().join("keys/keys.json");
    fs::write(&ring, "{").unwrap();
    fs::set_permissions(&ring, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(keys.signing.look(NOW), Looked::Unreadable);
    assert_eq!(signer(&keys), "SIGNING_KEY");
    assert!(keys.signing.verifying("SIGNING_KEY", NOW).is_some());
    fs::remove_file(&ring).unwrap();
    assert_eq!(keys.signing.look(NOW), Looked::Unchanged);
    directory.rotate("test", (NOW, NOW), DAY_S).unwrap();
    assert_eq!(keys.signing.look(NOW), Looked::Exchanged);
    assert_eq!(signer(&keys), "SIGNING_KEY_2");
}

#[test]
fn a_directory_that_others_can_look_into_is_refused_with_the_remedy() {
    let (dir, directory) = made(None);
    for mode in [0o750, 0o705, 0o755] {
        fs::set_permissions(dir.path().join("keys"), fs::Permissions::from_mode(mode)).unwrap();
        let refused = Keys::open(&directory).unwrap_err();
        assert!(matches!(refused, KeyError::DirectoryOpenToOthers { .. }), "{refused}");
        assert!(refused.to_string().contains("chmod 700"), "{refused}");
    }
}

#[test]
fn files_that_a_stopped_rotation_left_behind_are_in_nobodys_way() {
    let (dir, directory) = made(None);
    for file in ["signing-2.key", "signing-2.der", "signing-2.key.new", "keys.json.new"] {
        let path = dir.path().join("keys").join(file);
        fs::write(&path, "half").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    Keys::open(&directory).unwrap();
    directory.rotate("test", (NOW, NOW), DAY_S).unwrap();
    assert_eq!(signer(&Keys::open(&directory).unwrap()), "SIGNING_KEY_2");
}

#[test]
fn rotations_at_the_same_time_make_one_key_each_or_say_that_there_is_one() {
    let (_dir, directory) = made(None);
    let results: Vec<_> = std::thread::scope(|scope| {
        let rotate = || scope.spawn(|| directory.rotate("test", (NOW, later(600)), DAY_S));
        let running: Vec<_> = (0..4).map(|_| rotate()).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    assert_eq!(states(&directory, NOW).len(), 2);
}
