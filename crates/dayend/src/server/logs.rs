//! The log on stderr.

use super::settings::LogFormat;
use tracing_subscriber::EnvFilter;

/// Crates whose messages follow `log.level`; all others are heard from `warn`.
const OURS: [&str; 8] = [
    "dayend",
    "dayend_engine",
    "dayend_executor",
    "dayend_identity",
    "dayend_service",
    "dayend_store",
    "dayend_web",
    "dayend_wire",
];

/// Begins to write the process's log; a second call changes nothing.
pub(super) fn begin(format: LogFormat, level: &str) {
    let others = if level == "error" { "error" } else { "warn" };
    let mut directives = vec![others.to_owned()];
    directives.extend(OURS.iter().map(|name| format!("{name}={level}")));
    let filter = EnvFilter::new(directives.join(","));
    // What cannot be logged is not told on stderr either: where the log has no room, that would panic.
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false);
    let begun = match format {
        LogFormat::Text => builder.with_ansi(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    // Only fails if there is a log already, as in a test that starts two servers.
    drop(begun);
}
