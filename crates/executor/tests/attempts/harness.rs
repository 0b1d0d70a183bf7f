//! A node's executors without a server around them.

use dayend_engine::codes::{AttemptId, RunKey, Scope};
use dayend_engine::definition::{
    Batch, CommandWork, ConnectionTarget, HttpWork, OnLost, Retries, SqlWork, Task, Work,
};
use dayend_engine::params::Params;
use dayend_engine::time::Timestamp;
use dayend_executor::Executors;
use dayend_executor::port::{Attempt, Executor, Fact, Outcome, Report, Reports};
use dayend_executor::settings::Settings;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe::{OpenOptions, Sender};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Longer than anything here takes, so that a hang is a failure and not a hanging test run.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The data directory of a node; outlives its servers.
pub(crate) struct Place {
    pub(crate) root: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// Starts executors on the current runtime.
    pub(crate) fn node(&self) -> Node {
        self.node_with(|_| ())
    }

    pub(crate) fn node_with(&self, change: impl FnOnce(&mut Settings)) -> Node {
        std::fs::create_dir_all(self.work()).unwrap();
        let attempts = self.root.path().join("attempts");
        let mut settings = Settings::new(
            attempts,
            self.work(),
            "https://dayend.example:8443".to_owned(),
            [7; 32],
            now,
        );
        settings.command.shim = Some(PathBuf::from(env!("CARGO_BIN_EXE_executor-shim")));
        settings.http.allow = vec!["127.0.0.0/8".parse().unwrap()];
        settings.http.poll_first = Duration::from_millis(5);
        settings.http.poll_max = Duration::from_millis(20);
        change(&mut settings);
        let (tell, reports) = unbounded_channel();
        Node { executors: Executors::new(settings, Arc::new(Channel(tell))), reports }
    }

    /// A named pipe in the commands' work directory: how scripts and tests wait for each other.
    pub(crate) fn gate(&self, name: &str) -> PathBuf {
        std::fs::create_dir_all(self.work()).unwrap();
        let path = self.work().join(name);
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        path
    }
}

/// Waits until somebody wrote a line into the gate.
pub(crate) async fn read_gate(path: &Path) -> String {
    // Also opened for writing, so that it does not end while nobody else has it open.
    let gate = OpenOptions::new().read_write(true).open_receiver(path).unwrap();
    let mut line = String::new();
    let mut gate = BufReader::new(gate);
    tokio::time::timeout(PATIENCE, gate.read_line(&mut line))
        .await
        .expect("somebody comes through the gate")
        .unwrap();
    line.trim().to_owned()
}

/// Writes a line into the gate, for whoever reads it before this is dropped.
pub(crate) async fn open_gate(path: &Path) -> Sender {
    let mut gate = OpenOptions::new().read_write(true).open_sender(path).unwrap();
    gate.write_all(b"go\n").await.unwrap();
    gate
}

struct Channel(UnboundedSender<Report>);

impl Reports for Channel {
    fn report(&self, report: Report) {
        // A test that has seen enough has dropped the other end.
        let _ = self.0.send(report);
    }
}

pub(crate) struct Node {
    pub(crate) executors: Arc<Executors>,
    pub(crate) reports: UnboundedReceiver<Report>,
}

impl Node {
    pub(crate) async fn next(&mut self) -> Report {
        tokio::time::timeout(PATIENCE, self.reports.recv())
            .await
            .expect("a report comes")
            .expect("the executors live")
    }

    /// Starts the attempt and waits for its end.
    pub(crate) async fn run(&mut self, attempt: Attempt) -> (Outcome, String) {
        let id = attempt.id;
        self.executors.start(attempt);
        self.end_of(id).await
    }

    /// Waits for the end of the attempt; other reports are dropped.
    pub(crate) async fn end_of(&mut self, id: AttemptId) -> (Outcome, String) {
        loop {
            let report = self.next().await;
            if let (true, Fact::Ended { outcome, message }) = (report.id == id, report.fact) {
                return (outcome, message);
            }
        }
    }

    pub(crate) async fn started(&mut self, id: AttemptId) -> Timestamp {
        let report = self.next().await;
        assert_eq!((report.id, &report.fact), (id, &Fact::Started));
        report.at
    }

    pub(crate) async fn accepted(&mut self, id: AttemptId) -> String {
        match self.next().await {
            Report { id: of, fact: Fact::Accepted { handle }, .. } if of == id => handle,
            other => panic!("not accepted: {other:?}"),
        }
    }

    /// The attempt's whole log.
    pub(crate) fn log(&self, id: AttemptId) -> Vec<u8> {
        let (mut log, mut offset) = (Vec::new(), 0);
        while let Some((piece, next)) = self.executors.log(id, offset, usize::MAX).unwrap()
            && next > offset
        {
            log.extend(piece);
            offset = next;
        }
        log
    }

    pub(crate) fn log_text(&self, id: AttemptId) -> String {
        String::from_utf8_lossy(&self.log(id)).into_owned()
    }
}

#[expect(clippy::disallowed_methods, reason = "the clock of these tests")]
pub(crate) fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_microsecond())
}

/// Where all attempts of these tests are.
pub(crate) fn scope() -> Scope {
    let (tenant, service) = ("bank".to_owned(), "OFS".to_owned());
    Scope { tenant, service, workspace: "WS001".to_owned() }
}

/// An attempt of a batch with one task, with a number of its own.
pub(crate) fn attempt(work: Work) -> Attempt {
    attempt_with(work, &[])
}

pub(crate) fn attempt_with(work: Work, params: &[(&str, &str)]) -> Attempt {
    static EPOCH: AtomicU32 = AtomicU32::new(1);
    let task = Task {
        code: "T1".parse().unwrap(),
        name: "T1".to_owned(),
        description: String::new(),
        work,
        params: BTreeMap::new(),
        after: Vec::new(),
        timeout_ms: None,
        retries: Retries::default(),
        on_lost: OnLost::Abort,
    };
    let batch = Batch {
        code: "B1".parse().unwrap(),
        name: "B1".to_owned(),
        description: String::new(),
        params: BTreeMap::new(),
        tasks: [task].into_iter().collect(),
    };
    Attempt {
        id: AttemptId { run: RunKey(42), node: 0, epoch: EPOCH.fetch_add(1, Ordering::Relaxed) },
        tenant: "bank".into(),
        scope: Arc::new(scope()),
        dispatched_at: now(),
        run_id: "B1_2026-10-30_1793318400000_1".parse().unwrap(),
        mis_date: "2026-10-30".parse().unwrap(),
        batch: Arc::new(batch),
        attempt: 1,
        generation: 1,
        params: Params { declared: map(params), undeclared: map(&[("FROM_CALLER", "x")]) },
        connection: None,
        handle: None,
    }
}

pub(crate) fn connected(mut attempt: Attempt, target: ConnectionTarget) -> Attempt {
    attempt.connection = Some(Ok(Arc::new(target)));
    attempt
}

pub(crate) fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn argv(argv: &[&str]) -> Work {
    Work::Command(CommandWork {
        argv: argv.iter().map(|text| (*text).to_owned()).collect(),
        ..CommandWork::default()
    })
}

/// A command that is a shell script.
pub(crate) fn script(text: &str) -> Work {
    argv(&["/bin/sh", "-c", text])
}

pub(crate) fn http(method: &str, url: &str) -> HttpWork {
    HttpWork {
        method: method.to_owned(),
        url: url.to_owned(),
        connection: None,
        headers: BTreeMap::new(),
        body: serde_json::Map::new(),
    }
}

pub(crate) fn post(url: &str) -> Work {
    Work::Http(http("POST", url))
}

pub(crate) fn sql(statement: &str) -> Work {
    Work::Sql(SqlWork { connection: "LEDGER".parse().unwrap(), statement: statement.to_owned() })
}

/// A number of seconds, for `sleep`, by which the processes of this test process can be told from others.
pub(crate) fn marker() -> String {
    format!("86400.{:08}", std::process::id())
}

/// How many living processes have `marker` in their command line.
pub(crate) fn processes_with(marker: &str) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|entry| {
            std::fs::read(entry.path().join("cmdline"))
                .is_ok_and(|line| String::from_utf8_lossy(&line).contains(marker))
        })
        .count()
}
