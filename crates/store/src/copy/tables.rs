//! Every table with every column, in the order in which rows may be written. A test holds it against the schema.

use crate::copy::cells::Kind::{self, Bool, Bytes, Int, Text};
use crate::many::Many;

/// A table with `N` columns.
pub(super) struct Table<const N: usize> {
    pub(super) name: &'static str,
    /// All rows.
    pub(super) read: &'static str,
    /// Writes rows.
    pub(super) write: Many,
    pub(super) kinds: [Kind; N],
}

/// What is needed to read a table.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) read: &'static str,
    pub(super) kinds: &'static [Kind],
}

impl<const N: usize> Table<N> {
    const fn new(
        name: &'static str,
        read: &'static str,
        write: &'static str,
        kinds: [Kind; N],
    ) -> Self {
        Self { name, read, write: Many::new(write), kinds }
    }

    /// The table without the way to write it.
    pub(super) fn shape(&'static self) -> Shape {
        Shape { name: self.name, read: self.read, kinds: &self.kinds }
    }
}

/// All tables, parents before the rows that refer to them.
pub(super) fn shapes() -> [Shape; 15] {
    [
        PARTITIONS.shape(),
        COMMITS.shape(),
        DEFINITIONS.shape(),
        DEFINITION_PARTS.shape(),
        RUNS.shape(),
        RUN_STATES.shape(),
        RUN_NODES.shape(),
        HISTORY.shape(),
        CLAIMS.shape(),
        SCOPES.shape(),
        USERS.shape(),
        APPS.shape(),
        GRANTS.shape(),
        REFRESH_TOKENS.shape(),
        DOCUMENTS.shape(),
    ]
}

/// Makes room for the partitions of another database.
pub(super) const FORGET_PARTITIONS: &str = "DELETE FROM partitions";
/// Whether a database holds anything beside the row of its first partition, which comes with the schema.
pub(super) const OCCUPIED: &str = "SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM commits) \
    OR EXISTS (SELECT 1 FROM definitions) \
    OR EXISTS (SELECT 1 FROM definition_parts) \
    OR EXISTS (SELECT 1 FROM runs) \
    OR EXISTS (SELECT 1 FROM run_states) \
    OR EXISTS (SELECT 1 FROM run_nodes) \
    OR EXISTS (SELECT 1 FROM history) \
    OR EXISTS (SELECT 1 FROM claims) \
    OR EXISTS (SELECT 1 FROM scopes) \
    OR EXISTS (SELECT 1 FROM users) \
    OR EXISTS (SELECT 1 FROM apps) \
    OR EXISTS (SELECT 1 FROM grants) \
    OR EXISTS (SELECT 1 FROM refresh_tokens) \
    OR EXISTS (SELECT 1 FROM documents) \
    THEN 1 ELSE 0 END AS BIGINT)";

const READ_PARTITIONS: &str = "SELECT partition, epoch, head_seq, head_hash, last_group, last_created_ms, \
    settled \
    FROM partitions ORDER BY partition";
const WRITE_PARTITIONS: &str = "INSERT INTO partitions (partition, epoch, head_seq, head_hash, last_group, \
    last_created_ms, settled) \
    VALUES ($1, $2, $3, $4, $5, $6, $7)";
pub(super) static PARTITIONS: Table<7> = Table::new(
    "partitions",
    READ_PARTITIONS,
    WRITE_PARTITIONS,
    [Int, Int, Int, Bytes, Int, Int, Int],
);

const READ_COMMITS: &str = "SELECT id, partition, at, writes, lost \
    FROM commits ORDER BY id";
const WRITE_COMMITS: &str = "INSERT INTO commits (id, partition, at, writes, lost) \
    VALUES ($1, $2, $3, $4, $5)";
pub(super) static COMMITS: Table<5> =
    Table::new("commits", READ_COMMITS, WRITE_COMMITS, [Int, Int, Int, Int, Text]);

const READ_DEFINITIONS: &str = "SELECT key, tenant, service, workspace, kind, code, version, digest, parts, \
    author, at, fingerprint \
    FROM definitions ORDER BY key";
const WRITE_DEFINITIONS: &str = "INSERT INTO definitions (key, tenant, service, workspace, kind, code, version, \
    digest, parts, author, at, fingerprint) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
pub(super) static DEFINITIONS: Table<12> = Table::new(
    "definitions",
    READ_DEFINITIONS,
    WRITE_DEFINITIONS,
    [Int, Text, Text, Text, Text, Text, Int, Bytes, Int, Text, Int, Bytes],
);

const READ_DEFINITION_PARTS: &str = "SELECT definition, part, bytes, fingerprint \
    FROM definition_parts ORDER BY definition, part";
const WRITE_DEFINITION_PARTS: &str = "INSERT INTO definition_parts (definition, part, bytes, fingerprint) \
    VALUES ($1, $2, $3, $4)";
pub(super) static DEFINITION_PARTS: Table<4> = Table::new(
    "definition_parts",
    READ_DEFINITION_PARTS,
    WRITE_DEFINITION_PARTS,
    [Int, Int, Bytes, Bytes],
);

const READ_RUNS: &str = "SELECT key, partition, owner_epoch, run_id, tenant, service, workspace, kind, code, \
    mis_date, version, parent_run, parent_node, rerun_of, params, choices, triggered_by, created_at, fingerprint \
    FROM runs ORDER BY key";
const WRITE_RUNS: &str = "INSERT INTO runs (key, partition, owner_epoch, run_id, tenant, service, workspace, \
    kind, code, mis_date, version, parent_run, parent_node, rerun_of, params, choices, triggered_by, \
    created_at, fingerprint) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
pub(super) static RUNS: Table<19> = Table::new(
    "runs",
    READ_RUNS,
    WRITE_RUNS,
    [
        Int, Int, Int, Text, Text, Text, Text, Text, Text, Text, Int, Int, Int, Int, Text, Text,
        Text, Int, Bytes,
    ],
);

const READ_RUN_STATES: &str = "SELECT run, partition, owner_epoch, gate, interrupted, generation, status, \
    ended, started_at, ended_at \
    FROM run_states ORDER BY run";
const WRITE_RUN_STATES: &str = "INSERT INTO run_states (run, partition, owner_epoch, gate, interrupted, \
    generation, status, ended, started_at, ended_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
pub(super) static RUN_STATES: Table<10> = Table::new(
    "run_states",
    READ_RUN_STATES,
    WRITE_RUN_STATES,
    [Int, Int, Int, Int, Bool, Int, Int, Bool, Int, Int],
);

const READ_RUN_NODES: &str = "SELECT run, node, partition, owner_epoch, state, generation, attempt, epoch, \
    wake_at, started_at, ended_at, handle, message, files \
    FROM run_nodes ORDER BY run, node";
const WRITE_RUN_NODES: &str = "INSERT INTO run_nodes (run, node, partition, owner_epoch, state, generation, \
    attempt, epoch, wake_at, started_at, ended_at, handle, message, files) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
pub(super) static RUN_NODES: Table<14> = Table::new(
    "run_nodes",
    READ_RUN_NODES,
    WRITE_RUN_NODES,
    [Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Int, Text, Text, Text],
);

const READ_HISTORY: &str = "SELECT partition, seq, owner_epoch, run, at, actor, event, detail, hash \
    FROM history ORDER BY partition, seq";
const WRITE_HISTORY: &str = "INSERT INTO history (partition, seq, owner_epoch, run, at, actor, event, detail, \
    hash) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
pub(super) static HISTORY: Table<9> = Table::new(
    "history",
    READ_HISTORY,
    WRITE_HISTORY,
    [Int, Int, Int, Int, Int, Text, Text, Text, Bytes],
);

const READ_CLAIMS: &str = "SELECT tenant, client, verb, key, partition, owner_epoch, body_hash, answer, at, \
    fingerprint \
    FROM claims ORDER BY tenant, client, verb, key";
const WRITE_CLAIMS: &str = "INSERT INTO claims (tenant, client, verb, key, partition, owner_epoch, body_hash, \
    answer, at, fingerprint) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
pub(super) static CLAIMS: Table<10> = Table::new(
    "claims",
    READ_CLAIMS,
    WRITE_CLAIMS,
    [Text, Text, Text, Text, Int, Int, Bytes, Text, Int, Bytes],
);

const READ_SCOPES: &str = "SELECT tenant, service, workspace, fingerprint \
    FROM scopes ORDER BY tenant, service, workspace";
const WRITE_SCOPES: &str = "INSERT INTO scopes (tenant, service, workspace, fingerprint) \
    VALUES ($1, $2, $3, $4)";
pub(super) static SCOPES: Table<4> =
    Table::new("scopes", READ_SCOPES, WRITE_SCOPES, [Text, Text, Text, Bytes]);

const READ_USERS: &str = "SELECT id, tenant, name, display_name, password, active, created_at, fingerprint \
    FROM users ORDER BY id";
const WRITE_USERS: &str = "INSERT INTO users (id, tenant, name, display_name, password, active, created_at, \
    fingerprint) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
pub(super) static USERS: Table<8> =
    Table::new("users", READ_USERS, WRITE_USERS, [Text, Text, Text, Text, Text, Bool, Int, Bytes]);

const READ_APPS: &str = "SELECT client_id, tenant, name, secret, grants, strict, active, created_at, fingerprint \
    FROM apps ORDER BY client_id";
const WRITE_APPS: &str = "INSERT INTO apps (client_id, tenant, name, secret, grants, strict, active, \
    created_at, fingerprint) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
pub(super) static APPS: Table<9> = Table::new(
    "apps",
    READ_APPS,
    WRITE_APPS,
    [Text, Text, Text, Bytes, Text, Bool, Bool, Int, Bytes],
);

const READ_GRANTS: &str = "SELECT tenant, grantee, service, workspace, function, fingerprint \
    FROM grants ORDER BY tenant, grantee, service, workspace, function";
const WRITE_GRANTS: &str = "INSERT INTO grants (tenant, grantee, service, workspace, function, fingerprint) \
    VALUES ($1, $2, $3, $4, $5, $6)";
pub(super) static GRANTS: Table<6> =
    Table::new("grants", READ_GRANTS, WRITE_GRANTS, [Text, Text, Text, Text, Text, Bytes]);

const READ_REFRESH_TOKENS: &str = "SELECT hash, predecessor, family, client_id, tenant, user_id, scope, \
    issued_at, expires_at, fingerprint, spent, revoked \
    FROM refresh_tokens ORDER BY hash";
const WRITE_REFRESH_TOKENS: &str = "INSERT INTO refresh_tokens (hash, predecessor, family, client_id, tenant, \
    user_id, scope, issued_at, expires_at, fingerprint, spent, revoked) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
pub(super) static REFRESH_TOKENS: Table<12> = Table::new(
    "refresh_tokens",
    READ_REFRESH_TOKENS,
    WRITE_REFRESH_TOKENS,
    [Bytes, Bytes, Text, Text, Text, Text, Text, Int, Int, Bytes, Text, Text],
);

const READ_DOCUMENTS: &str = "SELECT kind, tenant, id, parent, body, revision, expires_at, fingerprint \
    FROM documents ORDER BY kind, tenant, id";
const WRITE_DOCUMENTS: &str = "INSERT INTO documents (kind, tenant, id, parent, body, revision, expires_at, \
    fingerprint) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
pub(super) static DOCUMENTS: Table<8> = Table::new(
    "documents",
    READ_DOCUMENTS,
    WRITE_DOCUMENTS,
    [Text, Text, Text, Text, Text, Int, Int, Bytes],
);
