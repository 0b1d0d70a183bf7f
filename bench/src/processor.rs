//! What processes have used: processor time and memory, as the kernel counts them.

use crate::quantile::rate;
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

/// Processor time since a moment, of all who share the machine's processors in a measurement.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    begun: Instant,
    server: u32,
    database: Option<u32>,
    before: Times,
}

/// What the kernel has counted until now.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    server: Duration,
    database: Duration,
    client: Duration,
    /// Of all processes, and what a hypervisor took away.
    machine: Duration,
}

/// What was used in the meantime.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    pub(crate) wall: Duration,
    pub(crate) server: Duration,
    pub(crate) database: Duration,
    pub(crate) client: Duration,
    /// By everything else on the machine, kernel threads included.
    pub(crate) others: Duration,
}

impl Meter {
    /// Begins to count: `server` and `database` are the first processes of each.
    pub(crate) fn start(server: u32, database: Option<u32>) -> Result<Self> {
        let before = times(server, database)?;
        Ok(Self { begun: Instant::now(), server, database, before })
    }

    /// What was used until now.
    pub(crate) fn read(&self) -> Result<Used> {
        let wall = self.begun.elapsed();
        let (before, now) = (self.before, times(self.server, self.database)?);
        let server = now.server.saturating_sub(before.server);
        let database = now.database.saturating_sub(before.database);
        let client = now.client.saturating_sub(before.client);
        let machine = now.machine.saturating_sub(before.machine);
        let others = machine.saturating_sub(server + database + client);
        Ok(Used { wall, server, database, client, others })
    }
}

impl Used {
    /// The share of the machine's processors that all others had.
    pub(crate) fn others_share(&self) -> f64 {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        self.others.as_secs_f64()
            / self.wall.as_secs_f64()
            / rate(processors, Duration::from_secs(1))
    }

    /// Processor time of server and database together, in seconds.
    pub(crate) fn processor_s(&self) -> f64 {
        (self.server + self.database).as_secs_f64()
    }
}

/// Processor time of this process until now.
pub(crate) fn own() -> Result<Duration> {
    Ok(tree_alone(&processes()?, std::process::id()))
}

fn times(server: u32, database: Option<u32>) -> Result<Times> {
    let processes = processes()?;
    Ok(Times {
        server: tree(&processes, server),
        database: database.map(|pid| tree(&processes, pid)).unwrap_or_default(),
        client: tree_alone(&processes, std::process::id()),
        machine: busy(&fs::read_to_string("/proc/stat")?)?,
    })
}

/// Of all processors since the start of the machine: user, nice, system, not idle and not waiting, interrupts, stolen.
fn busy(stat: &str) -> Result<Duration> {
    let fields = stat.lines().next().and_then(|line| line.strip_prefix("cpu "));
    let fields = fields.context("the first line is of all processors")?.split_whitespace();
    let counted = fields.take(8).enumerate().filter(|(place, _)| !matches!(place, 3 | 4));
    counted.map(|(_, ticks)| Ok(of_ticks(ticks.parse()?))).sum()
}

fn of_ticks(ticks: u64) -> Duration {
    Duration::from_micros(ticks * 1_000_000 / rustix::param::clock_ticks_per_second())
}

/// One line of the table of processes.
struct Process {
    parent: u32,
    own: Duration,
    /// Of children that have ended and were waited for.
    children: Duration,
}

/// Of a process, its descendants, and those of them that have ended.
fn tree(processes: &BTreeMap<u32, Process>, root: u32) -> Duration {
    let mut sum = Duration::ZERO;
    let mut left = vec![root];
    while let Some(pid) = left.pop() {
        if let Some(process) = processes.get(&pid) {
            sum += process.own + process.children;
        }
        let born = processes.iter().filter(|(_, process)| process.parent == pid);
        left.extend(born.map(|(pid, _)| *pid));
    }
    sum
}

fn tree_alone(processes: &BTreeMap<u32, Process>, pid: u32) -> Duration {
    processes.get(&pid).map(|process| process.own).unwrap_or_default()
}

fn processes() -> Result<BTreeMap<u32, Process>> {
    let mut processes = BTreeMap::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // A process may end between the two looks.
        if let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) {
            processes.insert(pid, parse(&stat)?);
        }
    }
    Ok(processes)
}

fn parse(stat: &str) -> Result<Process> {
    // The name in parentheses may hold blanks; the fields after it are counted from 3.
    let (_, fields) = stat.rsplit_once(')').context("a stat line has a name")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let field = |number: usize| -> Result<u64> {
        Ok(fields.get(number - 3).context("a stat line has 52 fields")?.parse()?)
    };
    let time = |user: usize| -> Result<Duration> { Ok(of_ticks(field(user)? + field(user + 1)?)) };
    Ok(Process { parent: u32::try_from(field(4)?)?, own: time(14)?, children: time(16)? })
}

/// The memory of a process in MiB: `VmRSS` is what it has now, `VmHWM` the most that it ever had.
pub(crate) fn memory_mib(pid: u32, what: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'));
    let kib: f64 = line
        .and_then(|line| line.split_whitespace().next())
        .with_context(|| format!("no {what}"))?
        .parse()?;
    Ok(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_line_is_read_from_behind_the_name() {
        let line = "7 (a b) c) S 3 7 7 0 -1 4194560 1 2 3 4 100 20 30 4 20 0 1 0 9 0 0";
        let process = parse(line).unwrap();
        let second = rustix::param::clock_ticks_per_second();
        assert_eq!(process.parent, 3);
        assert_eq!(process.own, Duration::from_micros(120 * 1_000_000 / second));
        assert_eq!(process.children, Duration::from_micros(34 * 1_000_000 / second));
    }

    #[test]
    fn a_processor_that_waits_is_not_busy() {
        let second = rustix::param::clock_ticks_per_second();
        let stat =
            format!("cpu  {second} {second} {second} 99 99 0 {second} {second} 7 7\ncpu0 1 1\n");
        assert_eq!(busy(&stat).unwrap(), Duration::from_secs(5));
    }

    #[test]
    fn a_tree_counts_every_descendant_once() {
        let process = |parent, own, children| Process {
            parent,
            own: Duration::from_secs(own),
            children: Duration::from_secs(children),
        };
        let processes = BTreeMap::from([
            (1, process(0, 100, 100)),
            (2, process(1, 1, 2)),
            (3, process(2, 4, 0)),
            (4, process(3, 8, 16)),
        ]);
        assert_eq!(tree(&processes, 2), Duration::from_secs(31));
        assert_eq!(tree_alone(&processes, 2), Duration::from_secs(1));
    }
}
