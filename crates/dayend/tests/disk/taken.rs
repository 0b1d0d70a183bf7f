//! Somebody deletes, replaces or protects the database's files while the server runs.

use crate::bank::{Bank, lines};
use crate::orders::{NOTHING, Orders};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// Orders are accepted no longer, however busy the machine is; the server looks every second.
const NOTICED_WITHIN: Duration = Duration::from_secs(30);

#[test]
fn nothing_is_accepted_while_the_database_is_away() {
    let away = |file: &Path| fs::rename(file, file.with_extension("away")).unwrap();
    let back = |file: &Path| fs::rename(file.with_extension("away"), file).unwrap();
    touched("dayend.db", "was moved or deleted", away, back);
}

#[test]
fn nothing_is_accepted_while_the_log_of_the_database_is_away() {
    let away = |file: &Path| fs::rename(file, file.with_extension("away")).unwrap();
    let back = |file: &Path| fs::rename(file.with_extension("away"), file).unwrap();
    touched("dayend.db-wal", "was moved or deleted", away, back);
}

#[test]
fn nothing_is_accepted_while_another_file_has_the_name_of_the_database() {
    let replace = |file: &Path| {
        fs::rename(file, file.with_extension("away")).unwrap();
        fs::copy(file.with_extension("away"), file).unwrap();
    };
    let back = |file: &Path| fs::rename(file.with_extension("away"), file).unwrap();
    touched("dayend.db", "is not the file any more that this server opened", replace, back);
}

#[test]
fn nothing_is_accepted_while_the_database_is_read_only() {
    let protect = |file: &Path| fs::set_permissions(file, Permissions::from_mode(0o400)).unwrap();
    let back = |file: &Path| fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
    touched("dayend.db", "was made read-only", protect, back);
}

fn touched(name: &str, said: &str, touch: impl Fn(&Path), undo: impl Fn(&Path)) {
    let bank = Bank::new();
    let mut orders = Orders::default();
    let open = bank.open();
    open.apply_text(NOTHING);
    orders.must(&open);
    let file = bank.home.data().join(name);
    touch(&file);
    let begun = Instant::now();
    while orders.ask(&open) {
        assert!(begun.elapsed() < NOTICED_WITHIN, "orders are still accepted");
    }
    orders.must_not(&open);
    let log = lines(&bank.outside("log")).join("\n");
    assert!(log.contains(said) && log.contains(name), "{log}");
    undo(&file);
    orders.again(&open);
    drop(open);
    orders.all_there(&bank);
}
