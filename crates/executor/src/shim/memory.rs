//! Whether the kernel killed processes for want of memory.

use std::fs;
use std::path::{Path, PathBuf};

/// Where control groups are mounted, and the file in a group that counts; the second is that of the older hierarchy.
const HIERARCHIES: [(&str, &str, &str); 2] = [
    ("0::", "/sys/fs/cgroup", "memory.events"),
    (":memory:", "/sys/fs/cgroup/memory", "memory.oom_control"),
];

/// The kernel's count of kills in this process's control group, as it was once. Other attempts may be in the same group.
pub(super) struct OomKills {
    file: Option<PathBuf>,
    before: u64,
}

impl OomKills {
    /// Begins to watch.
    pub(super) fn watch() -> Self {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        Self::in_files(counting_files(&groups))
    }

    fn in_files(files: impl IntoIterator<Item = PathBuf>) -> Self {
        let counted = files.into_iter().find_map(|file| Some((count_in(&file)?, file)));
        match counted {
            Some((before, file)) => Self { file: Some(file), before },
            None => Self { file: None, before: 0 },
        }
    }

    /// Whether there were kills since then; also false if the kernel does not say.
    pub(super) fn happened(&self) -> bool {
        self.file.as_deref().and_then(count_in).is_some_and(|now| now > self.before)
    }
}

fn counting_files(groups: &str) -> Vec<PathBuf> {
    let file = |line: &str| {
        HIERARCHIES.iter().find_map(|(mark, mount, file)| {
            let (_, group) = line.split_once(mark)?;
            Some(Path::new(mount).join(group.trim_start_matches('/')).join(file))
        })
    };
    groups.lines().filter_map(file).collect()
}

fn count_in(file: &Path) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counting_file_is_found_in_both_hierarchies() {
        let found = |groups| counting_files(groups);
        assert_eq!(
            found("0::/system.slice/dayend.service\n"),
            [Path::new("/sys/fs/cgroup/system.slice/dayend.service/memory.events")]
        );
        assert_eq!(
            found("9:memory:/job\n4:cpu,cpuacct:/\n"),
            [Path::new("/sys/fs/cgroup/memory/job/memory.oom_control")]
        );
        assert!(found("").is_empty());
    }

    #[test]
    fn only_kills_that_come_later_count() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("memory.events");
        let write = |kills: u32| {
            fs::write(&file, format!("low 0\noom 9\noom_kill {kills}\noom_group_kill 7\n"))
                .unwrap();
        };
        write(2);
        let kills = OomKills::in_files([dir.path().join("missing"), file.clone()]);
        assert!(!kills.happened());
        write(3);
        assert!(kills.happened());
        assert!(!OomKills::in_files([]).happened());
    }
}
