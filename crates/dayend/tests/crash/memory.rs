//! The kernel kills the server because its memory is used up.

use crate::bank::{Bank, status};
use crate::outside::telling::tell;
use rustix::process::Pid;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

const SMALL: &str =
    "apiVersion: dayend/v1\nkind: Batch\ncode: SMALL\ntasks: [{ code: A, noop: {} }]\n";
/// What the server may use beyond what it has: less than a large definition takes.
const MORE_BYTES: &str = "2000000";
const TASKS: usize = 20_000;

/// A group of processes with a limit to their memory.
struct Cage {
    path: PathBuf,
    limit: &'static str,
}

#[test]
fn a_server_that_is_killed_for_want_of_memory_has_lost_nothing() {
    let Some(cage) = Cage::make() else { return };
    let bank = Bank::new();
    let open = bank.open();
    open.apply_text(SMALL);
    let run = open.call("trigger", "before", r#"{"batchName": "SMALL", "batchType": "rest"}"#);
    assert_eq!(status(&open.ended(&run)), "SUCCESSFUL");

    cage.lock_in(open.server.pid());
    let mut large = "apiVersion: dayend/v1\nkind: Batch\ncode: LARGE\ntasks:\n".to_owned();
    for task in 0..TASKS {
        writeln!(large, "  - {{ code: T{task}, noop: {{}} }}").unwrap();
    }
    let file = bank.outside("large.yaml");
    fs::write(&file, large).unwrap();
    let said = open.ask(&["apply", file.to_str().unwrap()]);
    assert_ne!(said.code, 0, "{} was enough", cage.limit);
    open.server.gone();

    bank.assert_intact();
    let open = bank.open();
    assert_eq!(status(&open.ended(&run)), "SUCCESSFUL");
    let run = open.call("trigger", "after", r#"{"batchName": "SMALL", "batchType": "rest"}"#);
    assert_eq!(status(&open.ended(&run)), "SUCCESSFUL");
    assert_eq!(open.server.terminate(), 0);
    bank.assert_intact();
    drop(cage);
}

impl Cage {
    /// Nothing, if this user may not make one.
    fn make() -> Option<Self> {
        let name = format!("dayend-test-{}", std::process::id());
        let kinds =
            [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")];
        for (root, limit) in kinds {
            let path = PathBuf::from(root).join(&name);
            if fs::create_dir(&path).is_err() {
                continue;
            }
            let cage = Self { path, limit };
            if fs::write(cage.path.join(limit), MORE_BYTES).is_ok() {
                return Some(cage);
            }
        }
        tell("this user may not limit the memory of a process: nothing is tested here");
        None
    }

    /// What the process has already does not count.
    fn lock_in(&self, pid: Pid) {
        fs::write(self.path.join("cgroup.procs"), pid.to_string()).unwrap();
    }
}

impl Drop for Cage {
    fn drop(&mut self) {
        // It fails while a process is in it, and then costs nothing.
        let _ = fs::remove_dir(&self.path);
    }
}
