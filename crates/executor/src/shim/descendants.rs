//! The processes that descend from this one, also those that left its session. A subreaper inherits them all.

use rustix::process::{Pid, Signal, getpid, kill_process};
use std::collections::HashMap;
use std::fs;

/// Sends a signal to all descendants.
pub(super) fn signal_all(signal: Signal) {
    signal_if(signal, |_| true);
}

/// Sends a signal to the descendants that are `wanted`.
pub(super) fn signal_if(signal: Signal, wanted: impl Fn(Pid) -> bool) {
    for pid in descendants().into_iter().filter(|pid| wanted(*pid)) {
        // It may have ended by now, which is as good.
        let _ = kill_process(pid, signal);
    }
}

/// All living descendants.
fn descendants() -> Vec<Pid> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for (pid, parent) in processes() {
        children.entry(parent).or_default().push(pid);
    }
    let mut found = Vec::new();
    let mut parents = vec![getpid().as_raw_nonzero().get()];
    while let Some(parent) = parents.pop() {
        for child in children.remove(&parent).unwrap_or_default() {
            parents.push(child);
            found.extend(Pid::from_raw(child));
        }
    }
    found
}

/// All processes and their parents.
fn processes() -> Vec<(i32, i32)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            parent_in(&stat).map(|parent| (pid, parent))
        })
        .collect()
}

/// The parent in a line of `/proc/<pid>/stat`; none if it is a zombie. The name may hold blanks and parentheses.
fn parent_in(stat: &str) -> Option<i32> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    (state != "Z").then_some(parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_process_name_does_not_hide_its_parent() {
        assert_eq!(parent_in("12 (sh) S 7 12 12 0"), Some(7));
        assert_eq!(parent_in("12 (a) S 1 (b)) R 9 12"), Some(9));
        assert_eq!(parent_in("12 (sh) Z 7 12"), None);
        assert_eq!(parent_in("garbage"), None);
    }
}
