//! How many connections the system's limit of open files leaves room for.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// For the database, for attempts and their logs, and for what they connect to.
const RESERVE: u64 = 2048;

/// As many of the wanted connections as there can be, after raising this process's limit of open files as far as that
/// needs and the system allows.
pub(super) fn connections(wanted: usize) -> usize {
    let limit = raise(u64::try_from(wanted).unwrap_or(u64::MAX).saturating_add(RESERVE));
    let room = usize::try_from(room(limit)).unwrap_or(usize::MAX);
    if room < wanted {
        tracing::warn!(
            open_files = limit,
            connections = room,
            "the limit of open files allows fewer connections than `limits.connections`"
        );
    }
    wanted.min(room)
}

/// What the limit leaves for connections: at least half of it.
fn room(limit: u64) -> u64 {
    limit.saturating_sub(RESERVE).max(limit / 2).max(1)
}

/// The limit in force.
fn raise(wanted: u64) -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let current = current.unwrap_or(u64::MAX);
    let target = wanted.min(maximum.unwrap_or(u64::MAX));
    if current >= target {
        return current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(target), maximum }) {
        Ok(()) => target,
        Err(error) => {
            tracing::debug!(%error, "the limit of open files could not be raised");
            current
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_the_server_keeps_its_files_and_connections_at_least_half() {
        #[rustfmt::skip]
        let cases = [(1_000_000, 997_952), (18_432, 16_384), (4096, 2048), (1024, 512), (64, 32), (1, 1)];
        for (limit, want) in cases {
            assert_eq!(room(limit), want, "{limit}");
        }
    }
}
