//! What a shim is told to run, in a file because arguments are visible to everybody.

use crate::settings::Rlimits;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One command, ready to be executed.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spec {
    /// The absolute path that is executed.
    pub(crate) program: PathBuf,
    /// The arguments, beginning with the program's name as the command sees it.
    pub(crate) argv: Vec<String>,
    /// The whole environment.
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) user: Option<UserIds>,
    pub(crate) rlimits: Rlimits,
    pub(crate) log_bytes: u64,
    pub(crate) grace_ms: u64,
    /// What a command that succeeded left in its directory is collected by the server.
    #[serde(default)]
    pub(crate) keep_cwd: bool,
}

/// Who a command runs as, if not as the server's own user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UserIds {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) groups: Vec<u32>,
}
