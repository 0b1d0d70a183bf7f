//! SIGKILL at random moments of uploads: what is there afterwards, and that nothing else is.

use crate::desk::{Desk, content};
use crate::outside::chance::Chance;
use crate::outside::curl::shell;
use crate::outside::telling::tell;
use crate::server_support::run;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// How often the server is killed; `DAYEND_FILES_KILLS` asks for more.
const KILLS: usize = 3;
/// The moment of the kill, at most so long after the uploads began, which take about as long.
const LATEST: Duration = Duration::from_millis(1200);
const WHOLE: usize = 4;
const PARTS: usize = 3;
const PART_BYTES: usize = 400_000;
const SWEPT_WITHIN: Duration = Duration::from_mins(1);

#[test]
fn after_a_kill_at_any_moment_files_are_whole_or_not_there_and_their_room_is_free_again() {
    let mut chance = Chance::new();
    let kills = std::env::var("DAYEND_FILES_KILLS").map_or(KILLS, |told| told.parse().unwrap());
    let mut desk = Desk::new();
    let mut answered = BTreeSet::new();
    let mut sums = BTreeMap::new();
    for round in 0..kills {
        let mut sending = begin(&desk, round, &mut sums);
        // What is broken is broken at this moment, wherever the uploads are.
        let (moment, begun) = (chance.moment(LATEST), Instant::now());
        while begun.elapsed() < moment {
            std::thread::yield_now();
        }
        desk = desk.again(|_| {});
        sending.wait().unwrap();
        answered.extend(codes(&desk, round));
        let there = look(&desk, &sums);
        assert!(there.is_superset(&answered), "{answered:?} were answered, {there:?} are there");
    }
    let there = look(&desk, &sums);
    let unanswered = there.len() - answered.len();
    tell(&format!(
        "{} of {} files arrived, {unanswered} of them unanswered",
        there.len(),
        sums.len()
    ));
    let blobs: usize =
        there.iter().map(|name| if name.contains("parts") { PARTS } else { 1 }).sum();
    // The sweeper sees to it when a server starts, and this one believes that a day has gone by.
    let clock = clock();
    let later = [
        ("LD_PRELOAD", clock.to_str().unwrap()),
        ("FAKETIME", "+25h"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ];
    let log = desk.scratch().join("log");
    let desk = desk.again_with(&later, &log);
    let begun = Instant::now();
    while desk.blobs() > blobs {
        assert!(begun.elapsed() < SWEPT_WITHIN, "{:?} for {blobs} pieces", desk.stored());
        std::thread::yield_now();
    }
    assert_eq!((look(&desk, &sums), desk.blobs()), (there, blobs));
    let home = desk.home;
    drop(desk.server);
    assert!(run(&["audit", "verify", "--data", home.text()]).ok().ends_with("intact\n"));
}

/// What moves the clock of a program; its directory is named for the machine.
fn clock() -> PathBuf {
    let directories = std::fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
    let mut libraries = directories.map(|path| path.join("faketime/libfaketimeMT.so.1"));
    libraries.find(|library| library.exists()).expect("faketime is installed (`./test.sh` does it)")
}

/// Whole files and one in parts, all on their way at the same time.
fn begin(desk: &Desk, round: usize, sums: &mut BTreeMap<String, String>) -> Child {
    let bytes = content(PARTS * PART_BYTES + round);
    let file = desk.file("whole", &bytes);
    let sum = shell(&format!("sha256sum {}", file.display())).split(' ').next().unwrap().to_owned();
    let curl = format!(
        "curl --silent --limit-rate 2M --max-time 60 --cacert {} -o /dev/null -w '%{{http_code}}'",
        desk.authority()
    );
    let code = |name: &str| desk.scratch().join(format!("code.{name}")).display().to_string();
    let mut script = String::new();
    for at in 0..WHOLE {
        let name = format!("{round}.{at}");
        let link = desk.upload_link(&name, bytes.len() as u64);
        // They end one after the other.
        let rate = format!("--limit-rate {}M", 1 + at);
        writeln!(script, "{curl} {rate} -T {} '{link}' >{} &", file.display(), code(&name))
            .unwrap();
        sums.insert(name, sum.clone());
    }
    let name = format!("{round}.parts");
    let link = desk.upload_link(&name, bytes.len() as u64);
    let begun = desk.follow(&link, "-X PUT -H 'opc-multipart: true'");
    let access = desk.url(&begun.text("accessUri"));
    write!(script, "(").unwrap();
    for (at, part) in bytes.chunks(bytes.len().div_ceil(PARTS)).enumerate() {
        let part = desk.file(&format!("part.{at}"), part);
        write!(script, "{curl} --fail -T {} {access}{} >/dev/null && ", part.display(), at + 1)
            .unwrap();
    }
    writeln!(script, "{curl} -X POST {access} >{}) &\nwait", code(&name)).unwrap();
    sums.insert(name, sum);
    let script = desk.file("script.sh", script.as_bytes());
    Command::new("/bin/sh").arg(script).spawn().unwrap()
}

/// The files whose uploads were answered with success.
fn codes(desk: &Desk, round: usize) -> Vec<String> {
    let names = (0..WHOLE).map(|at| format!("{round}.{at}")).chain([format!("{round}.parts")]);
    let told = |name: &String| {
        let code = desk.scratch().join(format!("code.{name}"));
        std::fs::read_to_string(code).is_ok_and(|code| code == "200")
    };
    names.filter(told).collect()
}

/// The names of all files; each of them is what was sent under its name.
fn look(desk: &Desk, sums: &BTreeMap<String, String>) -> BTreeSet<String> {
    let listed = desk.ask("/api/v1/files?limit=1000", "").json();
    let mut names = BTreeSet::new();
    for file in listed["files"].as_array().unwrap() {
        let name = file["name"].as_str().unwrap();
        let want = sums.get(name).expect("somebody sent it");
        assert_eq!(file["sha256"].as_str(), Some(want.as_str()), "{name}");
        let got = desk.file("got", &desk.bytes(&desk.download_link(name)));
        let got = shell(&format!("sha256sum {}", got.display()));
        assert_eq!(got.split(' ').next(), Some(want.as_str()), "{name}");
        names.insert(name.to_owned());
    }
    names
}
