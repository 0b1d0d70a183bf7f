//! What only a store on a file can do wrong: opening, filling up, being opened twice.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use dayend_engine::time::Timestamp;
use dayend_store::SqliteStore;
use dayend_store::port::{
    CommitError, Group, GroupId, HistoryRecord, Outcome, OwnerEpoch, Partition, Store as _,
    StoreError, Write,
};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

#[tokio::test]
async fn a_second_opener_is_refused_until_the_first_one_closes() {
    let (_home, path) = home();
    let first = SqliteStore::open(&path).await.unwrap();
    for second in [SqliteStore::open(&path).await, SqliteStore::open_read_only(&path)] {
        let error = second.unwrap_err();
        assert!(matches!(error, StoreError::InUse(_)), "{error}");
        assert_eq!(
            error.to_string(),
            format!("`{}` is in use by another Dayend process", path.display())
        );
    }
    first.close().await;
    assert_eq!(
        first.scopes("bank").await.unwrap_err().to_string(),
        "the database is not available: it was closed"
    );
    let group = group(1, 1, vec![]);
    assert!(matches!(
        first.commit(group).await,
        Err(CommitError::NotDone(StoreError::Unavailable(_)))
    ));
    let second = SqliteStore::open(&path).await.unwrap();
    second.close().await;
}

#[tokio::test]
async fn a_lock_held_by_another_process_is_respected() {
    let (_home, path) = home();
    SqliteStore::open(&path).await.unwrap().close().await;
    let mut holder = std::process::Command::new("flock")
        .arg(path.with_extension("db.lock"))
        .args(["sh", "-c", "echo held; read -r _"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = [0; 5];
    std::io::Read::read_exact(holder.stdout.as_mut().unwrap(), &mut said).unwrap();
    assert!(matches!(SqliteStore::open(&path).await, Err(StoreError::InUse(_))));
    drop(holder.stdin.take());
    assert!(holder.wait().unwrap().code().is_some());
    SqliteStore::open(&path).await.unwrap().close().await;
}

#[tokio::test]
async fn a_path_that_cannot_be_a_database_is_refused_with_a_sentence() {
    let (home, _) = home();
    let missing = home.path().join("no/such/dayend.db");
    let directory = home.path().join("a_directory.db");
    std::fs::create_dir(&directory).unwrap();
    let text = home.path().join("text.db");
    std::fs::write(&text, "this is not a database, but long enough to be asked about ".repeat(20))
        .unwrap();
    let foreign = home.path().join("foreign.db");
    raw(&foreign, "CREATE TABLE accounts (number TEXT)").await;
    let cases = [
        (missing, "no/such` does not exist"),
        (directory, "cannot be opened"),
        (PathBuf::from("/proc/dayend.db"), "the lock file `/proc/dayend.db.lock` cannot be opened"),
        (text.clone(), "text.db` is not a database of Dayend"),
        (foreign.clone(), "foreign.db` is not a database of Dayend"),
    ];
    for (path, sentence) in cases {
        let error = SqliteStore::open(&path).await.unwrap_err().to_string();
        assert!(error.contains(sentence), "{error}");
    }
    assert!(std::fs::read_to_string(&text).unwrap().starts_with("this is not"));
    // Another program's database is not even switched to write-ahead logging (bytes 18 and 19 of its header).
    assert_eq!(std::fs::read(&foreign).unwrap()[18..20], [1, 1]);
}

#[tokio::test]
async fn a_database_from_a_newer_or_altered_version_is_refused() {
    let (_home, path) = home();
    SqliteStore::open(&path).await.unwrap().close().await;
    raw(&path, "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1").await;
    let error = SqliteStore::open(&path).await.unwrap_err();
    assert!(matches!(error, StoreError::Unsupported(_)), "{error}");
    assert!(
        error
            .to_string()
            .starts_with("schema step 1 of the database is not the one of this program"),
        "{error}"
    );
    raw(&path, "UPDATE _sqlx_migrations SET version = 9 WHERE version = 3").await;
    let sentence = "the database was written by a newer Dayend: its schema version is 9, and this program knows up to 3";
    assert_eq!(SqliteStore::open(&path).await.unwrap_err().to_string(), sentence);
    assert_eq!(SqliteStore::open_read_only(&path).unwrap_err().to_string(), sentence);
}

#[tokio::test]
async fn a_database_opened_for_reading_can_be_verified_but_not_changed() {
    let (_home, path) = home();
    assert!(
        SqliteStore::open_read_only(&path)
            .unwrap_err()
            .to_string()
            .contains("there is no database")
    );
    assert!(!path.exists());
    let store = SqliteStore::open(&path).await.unwrap();
    let epoch = store.take_over(Partition(0)).await.unwrap().epoch;
    store.commit(group(1, epoch.0, vec![audit("start")])).await.unwrap();
    store.close().await;
    drop(store);
    let reading = SqliteStore::open_read_only(&path).unwrap();
    let verified = reading.verify().await.unwrap();
    assert_eq!((verified.records, verified.defects), (1, vec![]));
    let refused = reading.commit(group(2, epoch.0, vec![audit("more")])).await.unwrap_err();
    assert!(matches!(refused, CommitError::NotDone(StoreError::Unsupported(_))), "{refused}");
    assert!(matches!(reading.take_over(Partition(0)).await, Err(StoreError::Unsupported(_))));
    reading.close().await;
}

#[tokio::test]
async fn a_new_database_belongs_to_its_owner_alone() {
    let (home, path) = home();
    let store = SqliteStore::open(&path).await.unwrap();
    store.take_over(Partition(0)).await.unwrap();
    for file in std::fs::read_dir(home.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.path().display());
    }
    store.close().await;
}

#[tokio::test]
async fn a_full_database_refuses_and_works_again_when_there_is_room() {
    let (_home, path) = home();
    let store = SqliteStore::open_capped(&path, Some(200)).await.unwrap();
    let epoch = store.take_over(Partition(0)).await.unwrap().epoch.0;
    let large = || audit(&"x".repeat(100_000));
    let mut number = 0;
    let refused = loop {
        number += 1;
        match store.commit(group(number, epoch, vec![large()])).await {
            Ok(outcomes) => assert_eq!(outcomes, [Outcome::Applied]),
            Err(error) => break error,
        }
    };
    assert!(number > 1, "not even one group found room");
    let CommitError::NotDone(StoreError::Unavailable(problem)) = refused else {
        panic!("{refused}")
    };
    assert_eq!(problem, "the disk or the database is full");
    assert_eq!(store.was_committed(GroupId(number)).await.unwrap(), None);
    let records = store.history(Partition(0), None, 0, 1000).await.unwrap().len();
    assert_eq!(records, usize::try_from(number).unwrap() - 1);
    // Something small still fits, and the chain goes on where it was.
    assert_eq!(
        store.commit(group(number + 1, epoch, vec![audit("small")])).await.unwrap(),
        [Outcome::Applied]
    );
    assert_eq!(store.verify().await.unwrap().defects, Vec::<String>::new());
    // With room again, the same group is accepted.
    store.close().await;
    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(
        store.commit(group(number, epoch, vec![large()])).await.unwrap(),
        [Outcome::Applied]
    );
    assert_eq!(store.verify().await.unwrap().defects, Vec::<String>::new());
    store.close().await;
}

#[tokio::test]
async fn a_flipped_byte_in_the_file_is_a_defect() {
    let (_home, path) = home();
    let store = SqliteStore::open(&path).await.unwrap();
    let epoch = store.take_over(Partition(0)).await.unwrap().epoch.0;
    store.commit(group(1, epoch, vec![audit("a-distinctive-detail")])).await.unwrap();
    store.close().await;
    drop(store);
    let mut bytes = std::fs::read(&path).unwrap();
    let needle = b"a-distinctive-detail";
    let at = bytes.windows(needle.len()).position(|window| window == needle).unwrap();
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let store = SqliteStore::open(&path).await.unwrap();
    let defects = store.verify().await.unwrap().defects;
    assert_eq!(defects, ["history of partition 0: the hash of record 1 is wrong"]);
    store.close().await;
}

fn home() -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("dayend.db");
    (home, path)
}

async fn raw(path: &Path, sql: &str) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

fn group(id: i64, epoch: i64, writes: Vec<Write>) -> Group {
    Group {
        id: GroupId(id),
        partition: Partition(0),
        epoch: OwnerEpoch(epoch),
        at: Timestamp(1),
        writes,
    }
}

fn audit(detail: &str) -> Write {
    let record = HistoryRecord {
        run: None,
        at: Timestamp(1),
        actor: "dayend".to_owned(),
        event: "test".to_owned(),
        detail: detail.to_owned(),
    };
    Write::Audit { history: record }
}
