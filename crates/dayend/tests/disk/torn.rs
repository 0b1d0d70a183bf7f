//! The end of the database's log is torn, what is shared in memory is garbage, a byte of the file is not what it was.

use crate::bank::process::Process;
use crate::bank::{Bank, Open};
use crate::orders::{NOTHING, Orders};
use crate::outside::chance::Chance;
use crate::outside::telling::tell;
use crate::server_support::run;
use std::fs;
use std::path::PathBuf;

/// How many bytes are damaged one at a time; `DAYEND_CRASH_FLIPS` asks for more.
const FLIPS: usize = 8;
/// The head of the log, and of each page in it.
const LOG_HEAD: usize = 32;
const FRAME_HEAD: usize = 24;
const PAGE: usize = 4096;
/// The head of the database: what SQLite must know before it can read anything.
const HEAD: usize = 100;

#[test]
fn what_stands_behind_the_last_commit_in_the_log_is_no_part_of_it() {
    let mut chance = Chance::new();
    let (bank, orders) = killed();
    let log = fs::read(log_path(&bank)).unwrap();
    assert!(log.len() > LOG_HEAD + FRAME_HEAD + PAGE, "the log holds nothing");
    let whole = LOG_HEAD + (log.len() - LOG_HEAD) / (FRAME_HEAD + PAGE) * (FRAME_HEAD + PAGE);
    assert_eq!(log.len(), whole, "the log was killed within a frame");
    let garbage: Vec<u8> =
        (0..3 * PAGE).map(|_| u8::try_from(chance.below(256)).unwrap()).collect();
    // A copy of its last frame is no garbage to the eye, but its sum fits only where it stood.
    let again = &log[whole - FRAME_HEAD - PAGE..];
    let before = Snapshot::take(&bank);
    for behind in [&garbage[..1], &garbage[..FRAME_HEAD + 7], &garbage, again, &again[..PAGE / 2]] {
        before.put_back();
        fs::write(log_path(&bank), [&log, behind].concat()).unwrap();
        fs::write(bank.home.data().join("dayend.db-shm"), &garbage).unwrap();
        orders.all_there(&bank);
    }
}

#[test]
fn a_torn_last_commit_is_as_if_it_had_not_been_and_all_before_it_is_there() {
    let mut chance = Chance::new();
    let (bank, orders) = killed();
    let log = fs::read(log_path(&bank)).unwrap();
    let before = Snapshot::take(&bank);
    for _ in 0..3 {
        let torn = log.len() - 1 - chance.index(FRAME_HEAD + PAGE - 1);
        let mut flipped = log.clone();
        flipped[torn] ^= 1 << chance.below(8);
        for damaged in [log[..torn].to_vec(), flipped] {
            before.put_back();
            fs::write(log_path(&bank), damaged).unwrap();
            bank.assert_intact();
            // The last order was the last thing that was done; it ends in a commit of its own.
            assert!(bank.count_runs() + 1 >= orders.asked(), "more than one run is lost");
            goes_on(&bank.open());
            bank.assert_intact();
        }
    }
}

#[test]
fn a_damaged_byte_of_the_file_is_told_or_changes_nothing() {
    let mut chance = Chance::new();
    let (bank, orders) = killed();
    // A clean end moves everything from the log into the file.
    let open = bank.open();
    assert_eq!(open.server.terminate(), 0);
    let before = Snapshot::take(&bank);
    let good = fs::read(bank.database()).unwrap();
    let flips = std::env::var("DAYEND_CRASH_FLIPS").map_or(FLIPS, |told| told.parse().unwrap());
    let (mut refused, mut told) = (0, 0);
    for flip in 0..flips {
        let within = if flip % 2 == 0 { HEAD } else { good.len() };
        let (at, bit) = (chance.index(within), chance.below(8));
        tell(&format!("bit {bit} of byte {at}"));
        let mut damaged = good.clone();
        damaged[at] ^= 1 << bit;
        before.put_back();
        fs::write(bank.database(), &damaged).unwrap();
        let said = run(&["audit", "verify", "--data", bank.home.text()]);
        if said.code != 0 {
            assert!(!said.stdout.is_empty() || !said.stderr.is_empty(), "nothing was said");
            told += 1;
            refused += usize::from(!starts_or_says_why(&bank));
            continue;
        }
        // A byte that only a writer looks at, or one that means nothing: then everything is there, and it goes on.
        if starts_or_says_why(&bank) {
            orders.all_there(&bank);
        } else {
            refused += 1;
        }
    }
    tell(&format!(
        "{told} of {flips} were told by `audit verify`, {refused} of these by the start"
    ));
}

/// A server that was killed after some orders, with all of them in the log.
fn killed() -> (Bank, Orders) {
    let bank = Bank::new();
    let mut orders = Orders::default();
    let open = bank.open();
    open.apply_text(NOTHING);
    for _ in 0..5 {
        orders.must(&open);
    }
    orders.again(&open);
    drop(open);
    (bank, orders)
}

/// True: a server started on a damaged file, and serves what it can. False: it said why not, in one sentence, at its start or
/// when it had to write where the damage is, and accepted nothing.
fn starts_or_says_why(bank: &Bank) -> bool {
    let server = Process::try_serve(&[], bank.home.text(), &bank.outside("log"));
    let answer = server.as_ref().map(|server| bank.ask_for_token(server).unwrap());
    let log = fs::read_to_string(bank.outside("log")).unwrap();
    if let Some(answer) = answer {
        assert!(answer.status == 200 || log.contains("the database file is damaged"), "{log}");
        return answer.status == 200;
    }
    let last = log.lines().last().unwrap_or_default();
    assert!(last.starts_with("dayend: ") && last.contains("database"), "{last}");
    false
}

fn goes_on(open: &Open<'_>) {
    let mut more = Orders::after(1000);
    more.must(open);
    more.again(open);
}

fn log_path(bank: &Bank) -> PathBuf {
    bank.home.data().join("dayend.db-wal")
}

/// The database's files at one moment.
struct Snapshot {
    files: Vec<(PathBuf, Option<Vec<u8>>)>,
}

impl Snapshot {
    fn take(bank: &Bank) -> Self {
        let path = |name: &str| bank.home.data().join(name);
        let names = ["dayend.db", "dayend.db-wal", "dayend.db-shm"];
        Self { files: names.map(|name| (path(name), fs::read(path(name)).ok())).into() }
    }

    fn put_back(&self) {
        for (path, content) in &self.files {
            match content {
                Some(content) => fs::write(path, content).unwrap(),
                None if path.exists() => fs::remove_file(path).unwrap(),
                None => {}
            }
        }
    }
}
