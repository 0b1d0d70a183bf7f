use crate::harness::{Node, PATIENCE, Place, attempt_with, now};
use crate::memory_area::{MemoryArea, Shared, sha256};
use dayend_engine::definition::{CommandFiles, CommandWork, InputFile, OutputFile, Work};
use dayend_engine::time::Timestamp;
use dayend_executor::port::{Attempt, Executor, Fact, FileNote, FileUse, Outcome};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::runtime::Runtime;

fn input(name: &str, place: Option<&str>) -> InputFile {
    InputFile { name: name.to_owned(), place: place.map(str::to_owned), optional: false }
}

fn output(path: &str, name: Option<&str>) -> OutputFile {
    OutputFile { path: path.to_owned(), name: name.map(str::to_owned), optional: false }
}

fn script(text: &str, inputs: Vec<InputFile>, outputs: Vec<OutputFile>) -> Attempt {
    let argv = ["/bin/sh", "-c", text].map(str::to_owned).to_vec();
    let files = CommandFiles { inputs, outputs };
    let params = [("FICMISDATE", "2026-10-30"), ("UP", "../x"), ("STAR", "*")];
    attempt_with(Work::Command(CommandWork { argv, files, ..CommandWork::default() }), &params)
}

fn node_with(place: &Place, area: &Arc<MemoryArea>) -> Node {
    let node = place.node();
    node.executors.use_files(Arc::new(Shared(Arc::clone(area))));
    node
}

fn cwd(place: &Place, attempt: &Attempt) -> PathBuf {
    place.root.path().join(format!("attempts/42/0-{}/cwd", attempt.id.epoch))
}

fn note(purpose: FileUse, name: &str, text: &str) -> FileNote {
    let (name, sha256) = (name.to_owned(), sha256(text.as_bytes()));
    FileNote { purpose, name, size_bytes: text.len() as u64, sha256 }
}

/// Starts the attempt; its files, if it has any, and how it ended.
async fn ran(node: &mut Node, attempt: &Attempt) -> (Vec<FileNote>, Outcome, String) {
    node.executors.start(attempt.clone());
    told(node, attempt).await
}

async fn told(node: &mut Node, attempt: &Attempt) -> (Vec<FileNote>, Outcome, String) {
    let mut told = Vec::new();
    loop {
        let report = node.next().await;
        assert_eq!(report.id, attempt.id);
        match report.fact {
            Fact::Files { files } => told = files,
            Fact::Ended { outcome, message } => return (told, outcome, message),
            Fact::Started | Fact::Accepted { .. } => {}
        }
    }
}

#[tokio::test]
async fn a_command_reads_its_inputs_and_leaves_its_outputs() {
    let (place, area) = (Place::new(), MemoryArea::new());
    let mut node = node_with(&place, &area);
    area.put("in/positions-2026-10-30.csv", b"positions");
    area.put_at("in/rates_1.csv", b"old", Timestamp(1));
    area.put_at("in/rates_2.csv", b"rates", Timestamp(2));
    let attempt = script(
        "stat -c '%a %n' . positions.csv sub/rates.csv; mkdir out; cat positions.csv sub/rates.csv >out/report.csv; echo other >other.txt",
        vec![
            input("in/positions-$FICMISDATE$.csv", Some("positions.csv")),
            input("in/rates*.csv", Some("sub/rates.csv")),
            InputFile { optional: true, ..input("in/missing.csv", None) },
        ],
        vec![
            output("out/report.csv", Some("out/report-$FICMISDATE$.csv")),
            output("other.txt", None),
            OutputFile { optional: true, ..output("rejects.csv", None) },
        ],
    );
    let (files, outcome, message) = ran(&mut node, &attempt).await;
    assert_eq!(outcome, Outcome::Succeeded, "{message}");
    assert_eq!(node.log_text(attempt.id), "700 .\n600 positions.csv\n600 sub/rates.csv\n");
    let want = [
        note(FileUse::In, "in/positions-2026-10-30.csv", "positions"),
        note(FileUse::In, "in/rates_2.csv", "rates"),
        note(FileUse::Out, "out/report-2026-10-30.csv", "positionsrates"),
        note(FileUse::Out, "other.txt", "other\n"),
    ];
    assert_eq!(files, want);
    assert_eq!(area.text("out/report-2026-10-30.csv").as_deref(), Some("positionsrates"));
    assert!(!cwd(&place, &attempt).exists());
}

#[tokio::test]
async fn an_input_that_cannot_be_had_fails_the_attempt_before_its_command_starts() {
    let (place, area) = (Place::new(), MemoryArea::new());
    let mut node = place.node_with(|settings| settings.limits.files_bytes = 10);
    node.executors.use_files(Arc::new(Shared(Arc::clone(&area))));
    area.put("large.csv", b"0123456789A");
    area.put("small.csv", b"01234");
    #[rustfmt::skip]
    let cases = [
        (vec![input("missing-$FICMISDATE$.csv", None)], "its input `missing-2026-10-30.csv` is not there"),
        (vec![input("small-$STAR$.csv", None)], "its input `small-*.csv` is not there"),
        (vec![input("large.csv", None)], "its input `large.csv` is too large: all inputs together have at most 10 bytes"),
        (vec![input("small.csv", Some("a")), input("small.csv", Some("b")), input("small.csv", Some("c"))], "its input `small.csv` is too large"),
        (vec![input("small.csv", Some("$UP$"))], "its input `small.csv` cannot be put at `../x`: a path is relative"),
        (vec![input("small.csv", Some("/tmp/x"))], "cannot be put at `/tmp/x`: a path is relative"),
        (vec![input("small.csv", Some("a")), input("small.csv", Some("a"))], "cannot be put at `a`: File exists"),
        (vec![input("small.csv", Some("a")), input("small.csv", Some("a/b"))], "cannot be put at `a/b`: "),
    ];
    for (inputs, why) in cases {
        let attempt = script("echo ran >>$DAYEND_WORK/ran", inputs, vec![]);
        let (files, outcome, message) = ran(&mut node, &attempt).await;
        assert_eq!(outcome, Outcome::Failed);
        assert!(
            message.starts_with("the command was not started: ") && message.contains(why),
            "{message}"
        );
        assert_eq!(files, []);
        assert!(!cwd(&place, &attempt).exists());
    }
    assert!(!place.work().join("ran").exists());
}

#[tokio::test]
async fn an_output_that_is_no_plain_file_of_the_command_fails_the_attempt() {
    let (place, area) = (Place::new(), MemoryArea::new());
    let mut node = place.node_with(|settings| settings.limits.files_bytes = 1000);
    node.executors.use_files(Arc::new(Shared(Arc::clone(&area))));
    std::fs::create_dir_all(place.work()).unwrap();
    std::fs::write(place.work().join("secret"), "secret").unwrap();
    #[rustfmt::skip]
    let cases = [
        ("true", "r.csv", "the command left no file `r.csv`"),
        ("ln -s $DAYEND_WORK/secret r.csv", "r.csv", "`r.csv` lies behind a link"),
        ("ln -s $DAYEND_WORK d", "d/secret", "`d/secret` lies behind a link"),
        ("ln $DAYEND_WORK/secret r.csv", "r.csv", "`r.csv` has another name too (a hard link)"),
        ("mkfifo r.csv", "r.csv", "`r.csv` is no regular file"),
        ("mkdir r.csv", "r.csv", "`r.csv` is no regular file"),
        ("echo x >r.csv", "r.csv/x", "`r.csv/x` lies behind a link, or behind something that is no directory"),
        ("echo x >../x", "$UP$", "`../x` is refused: a path is relative"),
        ("echo x >r.csv", "/etc/passwd", "`/etc/passwd` is refused: a path is relative"),
        ("echo x >r.csv; chmod 0 r.csv; head -c 1001 /dev/zero >r2", "r2", "its output files have 1001 bytes, at most 1000 are allowed"),
        ("cd ..; rm -r cwd; ln -s $DAYEND_WORK cwd", "secret", "lies behind a link"),
    ];
    for (text, path, why) in cases {
        let attempt = script(text, vec![], vec![output(path, Some("kept"))]);
        let (files, outcome, message) = ran(&mut node, &attempt).await;
        assert_eq!(outcome, Outcome::Failed, "{text}: {message}");
        assert!(message.contains(why), "{text}: {message}");
        assert!(message.ends_with("; the command itself: exit code 0"), "{message}");
        assert_eq!((files, area.names()), (vec![], vec![]), "{text}");
    }
}

#[tokio::test]
async fn a_command_that_fails_leaves_no_files() {
    let (place, area) = (Place::new(), MemoryArea::new());
    let mut node = node_with(&place, &area);
    area.put("a.csv", b"a");
    let attempt =
        script("echo x >r.csv; exit 3", vec![input("a.csv", None)], vec![output("r.csv", None)]);
    let (files, outcome, message) = ran(&mut node, &attempt).await;
    assert_eq!((outcome, message.as_str()), (Outcome::Failed, "exit code 3"));
    assert_eq!(files, [note(FileUse::In, "a.csv", "a")], "what it read is told all the same");
    assert_eq!(area.names(), ["a.csv"]);
    assert!(!cwd(&place, &attempt).exists());
}

#[tokio::test]
async fn a_quota_that_is_used_up_fails_the_attempt_and_nothing_is_visible() {
    let (place, area) = (Place::new(), MemoryArea::new());
    let mut node = node_with(&place, &area);
    *area.room.lock().unwrap() = Some(4);
    let outputs = vec![output("small", None), output("large", None)];
    let attempt = script("echo a >small; echo abcdef >large", vec![], outputs);
    let (files, outcome, message) = ran(&mut node, &attempt).await;
    assert_eq!(outcome, Outcome::Failed);
    let want = "its output `large` cannot be kept as `large`: the tenant's quota of 4 bytes is used up; the command itself: exit code 0";
    assert_eq!(message, want);
    assert_eq!((files, area.names()), (vec![], vec![]), "the first one is not kept alone");
}

#[tokio::test]
async fn an_output_that_changes_while_it_is_collected_fails_the_attempt() {
    let (place, area) = (Place::new(), MemoryArea::new());
    let mut node = node_with(&place, &area);
    let attempt = script("echo before >r.csv", vec![], vec![output("r.csv", None)]);
    let path = cwd(&place, &attempt).join("r.csv");
    *area.on_write.lock().unwrap() = Some(Box::new(move || {
        // Of the same size: only its times tell.
        std::fs::write(&path, "after!\n").unwrap();
    }));
    let (_, outcome, message) = ran(&mut node, &attempt).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(
        message.starts_with("its output `r.csv` was changed while it was collected"),
        "{message}"
    );
    assert_eq!(area.names(), Vec::<String>::new());
}

#[tokio::test]
async fn an_exchange_that_is_away_for_a_while_loses_no_output() {
    let (place, area) = (Place::new(), MemoryArea::new());
    let mut node = node_with(&place, &area);
    area.away.store(2, Ordering::SeqCst);
    let attempt = script("echo x >r.csv", vec![], vec![output("r.csv", None)]);
    assert_eq!(ran(&mut node, &attempt).await.1, Outcome::Succeeded);
    assert_eq!(area.text("r.csv").as_deref(), Some("x\n"));
}

/// The server dies when the command has ended, at any point of what follows.
#[test]
fn outputs_are_collected_by_whoever_finds_the_command_ended_and_only_once() {
    let (place, area) = (Place::new(), MemoryArea::new());
    let outputs = vec![output("r.csv", Some("report"))];
    let attempt = script("echo x >r.csv; echo ran >>$DAYEND_WORK/ran", vec![], outputs);
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        // A server without an exchange never comes to collecting.
        let mut node = place.node();
        node.executors.start(attempt.clone());
        node.started(attempt.id).await;
        let outcome = cwd(&place, &attempt).with_file_name("outcome.json");
        let written = async {
            while !outcome.exists() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, written).await.unwrap();
    });
    runtime.shutdown_background();
    for _ in 0..3 {
        Runtime::new().unwrap().block_on(async {
            let mut node = node_with(&place, &area);
            node.executors.adopt(attempt.clone());
            let (files, outcome, message) = told(&mut node, &attempt).await;
            assert_eq!((outcome, message.as_str()), (Outcome::Succeeded, "exit code 0"));
            assert_eq!(files, [note(FileUse::Out, "report", "x\n")]);
        });
    }
    // Once more with everything on disk but the list of what was collected.
    let attempt_dir = cwd(&place, &attempt);
    std::fs::create_dir(&attempt_dir).unwrap();
    std::fs::write(attempt_dir.join("r.csv"), "x\n").unwrap();
    std::fs::remove_file(attempt_dir.with_file_name("collected.json")).unwrap();
    Runtime::new().unwrap().block_on(async {
        let mut node = node_with(&place, &area);
        node.executors.adopt(attempt.clone());
        assert_eq!(told(&mut node, &attempt).await.1, Outcome::Succeeded);
    });
    assert_eq!(area.version("report"), 1, "the same bytes of the same attempt are one version");
    assert_eq!(std::fs::read_to_string(place.work().join("ran")).unwrap(), "ran\n");
}

#[tokio::test]
async fn an_attempt_that_died_while_it_fetched_never_started() {
    let (place, area) = (Place::new(), MemoryArea::new());
    let attempt = script("echo ran >>$DAYEND_WORK/ran", vec![input("a.csv", None)], vec![]);
    area.put("a.csv", b"a");
    let mut first = place.node();
    first.executors.start(attempt.clone());
    first.started(attempt.id).await;
    // It waits for an exchange that never comes; the server stops.
    first.executors.shutdown().await;
    let mut second = node_with(&place, &area);
    second.executors.adopt(attempt.clone());
    assert_eq!(second.end_of(attempt.id).await.0, Outcome::Void);
    assert!(!cwd(&place, &attempt).exists() && !place.work().join("ran").exists());
    assert!(first.reports.try_recv().is_err());
}

#[tokio::test]
async fn a_stop_while_files_are_fetched_or_collected_ends_the_attempt() {
    let (place, area) = (Place::new(), MemoryArea::new());
    let mut node = place.node();
    area.put("a.csv", b"a");
    let fetching = script("true", vec![input("a.csv", None)], vec![]);
    node.executors.start(fetching.clone());
    node.started(fetching.id).await;
    node.executors.stop(fetching.id);
    let (outcome, message) = node.end_of(fetching.id).await;
    assert_eq!((outcome, message.as_str()), (Outcome::Failed, "stopped before it started"));
    area.away.store(usize::MAX, Ordering::SeqCst);
    node.executors.use_files(Arc::new(Shared(Arc::clone(&area))));
    let collecting = script("echo x >r", vec![], vec![output("r", None)]);
    node.executors.start(collecting.clone());
    node.started(collecting.id).await;
    let asked = async {
        while area.away.load(Ordering::SeqCst) == usize::MAX {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.expect("it is being collected");
    let before = now();
    node.executors.stop(collecting.id);
    let (outcome, message) = node.end_of(collecting.id).await;
    assert_eq!(outcome, Outcome::Failed);
    assert!(message.starts_with("stopped before its output files were collected"), "{message}");
    assert!(now() >= before && area.text("r").is_none());
}
