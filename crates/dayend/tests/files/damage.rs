//! A disk that damages what it holds: nobody takes what is left for the file.

use crate::desk::{Desk, content};
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const NIGHT: &str = "
apiVersion: dayend/v1
kind: Batch
code: LOAD
tasks:
  - code: WAIT
    file: { name: in/rates.bin, within: 1m }
  - code: READ
    after: [WAIT]
    command:
      argv: [/bin/sh, -c, 'cat rates.bin >/dev/null; echo it ran']
      files: { in: [{ name: in/rates.bin }] }
";

/// Changes one bit in the middle.
fn flip(path: &Path) {
    let file = File::options().read(true).write(true).open(path).unwrap();
    let (mut byte, at) = ([0], file.metadata().unwrap().len() / 2);
    file.read_exact_at(&mut byte, at).unwrap();
    byte[0] ^= 1;
    file.write_all_at(&byte, at).unwrap();
}

fn cut(path: &Path) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_len(file.metadata().unwrap().len() - 1).unwrap();
}

/// What there is when what was replaced is gone.
fn only_one(desk: &Desk) -> PathBuf {
    let begun = Instant::now();
    loop {
        let stored = desk.stored();
        if let [only] = stored.as_slice() {
            return only.clone();
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "{stored:?}");
        std::thread::yield_now();
    }
}

#[test]
fn a_damaged_file_is_never_downloaded_whole_nor_read_by_a_command_and_the_log_says_so() {
    let desk = Desk::new();
    let log = desk.scratch().join("log");
    let desk = desk.again_with(&[], &log);
    for (what, damage, told) in [
        ("one bit", flip as fn(&Path), "a file is damaged where it is kept: its SHA-256 sum is "),
        ("its end", cut, "files cannot be stored or read now"),
        ("all of it", |path| fs::remove_file(path).unwrap(), "the bytes of a file are gone"),
    ] {
        let bytes = content(3_000_001);
        desk.put("in/rates.bin", &bytes);
        let link = desk.download_link("in/rates.bin");
        assert!(desk.bytes(&link) == bytes, "{what}");
        let blob = only_one(&desk);
        damage(&blob);
        let got = desk.scratch().join("got");
        fs::write(&got, "").unwrap();
        let curl = format!(
            "curl --silent --fail --cacert {} -o {} '{link}' || echo failed",
            desk.authority(),
            got.display()
        );
        assert_eq!(crate::outside::curl::shell(&curl), "failed\n", "{what}");
        assert!(
            fs::metadata(&got).unwrap().len() < 3_000_001,
            "{what}: the last bytes are kept back"
        );
        let logged = fs::read_to_string(&log).unwrap();
        let sentence = "a file could not be read to its end";
        let told = logged.lines().any(|line| {
            line.contains(sentence) && line.contains(told) && line.contains("in/rates.bin")
        });
        assert!(told, "{what} is not in the log: {logged}");
        desk.put("in/rates.bin", &bytes);
        assert!(desk.bytes(&link) == bytes, "{what}: it can be sent again");
    }
    // Of one piece: that is told at once, and nobody tries again.
    desk.put("in/rates.bin", &content(100_000));
    let blob = only_one(&desk);
    flip(&blob);
    let back = desk.scratch().join("back");
    let fetched = desk.dayend(&["files", "get", "in/rates.bin", "-o", back.to_str().unwrap()]);
    assert!(fetched.code != 0 && !back.exists(), "{}", fetched.stderr);

    let night = desk.file("night.yaml", NIGHT.as_bytes());
    desk.dayend(&["apply", night.to_str().unwrap()]).ok();
    let ran = desk.dayend(&["run", "LOAD", "--wait"]);
    assert!(ran.code != 0, "{}{}", ran.stdout, ran.stderr);
    let run = ran.stdout.split_whitespace().find_map(|word| word.strip_prefix("run=")).unwrap();
    let told = desk.ask(&format!("/api/v1/runs/{run}"), "").body;
    let why = "the command was not started: its input `in/rates.bin` is damaged where it is kept: its SHA-256 sum";
    assert!(told.contains(why), "{told}");
}
