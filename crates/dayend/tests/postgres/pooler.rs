//! Behind pgbouncer: in session mode Dayend works, in transaction mode it refuses to start.

use crate::bank::Bank;
use crate::work::{Wish, assert_all_ended_well, definition};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

const PGBOUNCER: &str = "/usr/sbin/pgbouncer";
/// It refuses to be run by root.
const USER: &str = "postgres";

/// A pooler, and the URL of the database behind it.
struct Pooler {
    child: Child,
    url: String,
}

impl Pooler {
    fn start(bank: &Bank, mode: &str, settings: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let directory = bank.outside(&format!("pooler-{port}"));
        fs::create_dir(&directory).unwrap();
        // The pooler runs as another user.
        for open in [directory.parent().unwrap(), &directory] {
            fs::set_permissions(open, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let (file, users) = (directory.join("pgbouncer.ini"), directory.join("users.txt"));
        fs::write(&users, format!("\"dayend\" \"{}\"\n", bank.cluster.password())).unwrap();
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\npool_mode = {mode}\n{settings}\n",
            bank.cluster.port(),
            users.display()
        );
        fs::write(&file, text).unwrap();
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", USER, "--", PGBOUNCER]);
            command
        } else {
            Command::new(PGBOUNCER)
        };
        let log = fs::File::create(bank.outside("pooler.log")).unwrap();
        let child = command.arg(&file).stdin(Stdio::null()).stderr(log).spawn().unwrap();
        let direct = format!(":{}/", bank.cluster.port());
        let url = bank.cluster.url().replace(&direct, &format!(":{port}/"));
        let pooler = Self { child, url: format!("{url}?sslmode=disable") };
        crate::outside::curl::shell(&format!(
            "until bash -c ': > /dev/tcp/127.0.0.1/{port}' 2> /dev/null; do sleep 0.05; done"
        ));
        pooler
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        // SIGTERM, which `runuser` hands on; both fail when it has ended already.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}

#[test]
fn a_pooler_that_shares_sessions_is_refused_and_one_that_does_not_works() {
    let bank = Bank::new();
    let serve = |pooler: &Pooler| {
        let place = ["serve", "--data", bank.home.text(), "--listen", "127.0.0.1:0"];
        crate::server_support::run(&[&place[..], &["--database", &pooler.url]].concat())
    };
    let plain = Pooler::start(&bank, "transaction", "");
    let refused = serve(&plain);
    assert!(refused.failed_with(11).contains("a pooler stands before"), "{}", refused.stderr);
    drop(plain);
    let ignoring = "ignore_startup_parameters = options";
    let shared = Pooler::start(&bank, "transaction", ignoring);
    let refused = serve(&shared);
    assert!(refused.failed_with(11).contains("shares its sessions"), "{}", refused.stderr);
    drop(shared);

    let own = Pooler::start(&bank, "session", ignoring);
    let open = bank.serve(&["--database", &own.url]);
    open.apply_text(&definition(&bank));
    let mut wishes = vec![Wish::new("work".to_owned())];
    assert_all_ended_well(&bank, &open, &mut wishes);
    // Our settings are in force although the pooler kept them to itself.
    bank.until(
        "SELECT COUNT(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND granted",
        crate::bank::RECOVERED_WITHIN,
    );
    assert_eq!(open.terminate(), 0);
    drop(own);
    bank.assert_intact();
}
