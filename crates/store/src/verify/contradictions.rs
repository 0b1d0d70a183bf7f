//! Rows that contradict each other, found by counting.

/// Rows that belong to no other row, and rows that contradict each other: the rule, and how many rows break it.
pub(crate) const CONTRADICTIONS: &[(&str, &str)] = &[
    ("a run has no state", RUN_WITHOUT_STATE),
    ("a state belongs to no run, or is in another partition", STATE_WITHOUT_RUN),
    ("a node belongs to no run, or is in another partition", NODE_WITHOUT_RUN),
    ("a run is a member of a run that does not exist", MEMBER_WITHOUT_GROUP),
    ("a run repeats a run that does not exist", RERUN_OF_NOTHING),
    ("a run uses a definition version that does not exist", RUN_WITHOUT_VERSION),
    ("the versions of a definition do not count from 1", VERSION_GAP),
    ("a definition lacks parts, or has too many", DEFINITION_IN_PIECES),
    ("a part belongs to no definition", PART_WITHOUT_DEFINITION),
    ("a definition belongs to no scope", DEFINITION_WITHOUT_SCOPE),
    ("a history record belongs to no run, or is in another partition", RECORD_WITHOUT_RUN),
    ("a row was written by an owner that its partition never had", UNKNOWN_OWNER),
    ("a group id or an instant of creation is beyond the last one noted", BEYOND_LAST),
    ("a refresh token has a successor but is not spent", REFRESH_UNSPENT),
    ("some refresh tokens of a family are revoked and some are not", REFRESH_HALF_REVOKED),
];

const RUN_WITHOUT_STATE: &str = "SELECT COUNT(*) FROM runs WHERE NOT EXISTS (SELECT 1 FROM run_states WHERE run_states.run = runs.key)";
const STATE_WITHOUT_RUN: &str = "SELECT COUNT(*) FROM run_states WHERE NOT EXISTS \
    (SELECT 1 FROM runs WHERE runs.key = run_states.run AND runs.partition = run_states.partition)";
const NODE_WITHOUT_RUN: &str = "SELECT COUNT(*) FROM run_nodes WHERE NOT EXISTS \
    (SELECT 1 FROM runs WHERE runs.key = run_nodes.run AND runs.partition = run_nodes.partition)";
const MEMBER_WITHOUT_GROUP: &str = "SELECT COUNT(*) FROM runs WHERE parent_run IS NOT NULL \
    AND NOT EXISTS (SELECT 1 FROM runs AS parents WHERE parents.key = runs.parent_run)";
const RERUN_OF_NOTHING: &str = "SELECT COUNT(*) FROM runs WHERE rerun_of IS NOT NULL \
    AND NOT EXISTS (SELECT 1 FROM runs AS earlier WHERE earlier.key = runs.rerun_of)";
const RUN_WITHOUT_VERSION: &str = "SELECT COUNT(*) FROM runs WHERE NOT EXISTS \
    (SELECT 1 FROM definitions WHERE definitions.key = runs.version AND definitions.code = runs.code)";
const VERSION_GAP: &str = "SELECT COUNT(*) FROM (SELECT 1 FROM definitions GROUP BY tenant, service, workspace, kind, code \
    HAVING MIN(version) <> 1 OR MAX(version) <> COUNT(*)) AS gaps";
const DEFINITION_WITHOUT_SCOPE: &str = "SELECT COUNT(*) FROM definitions WHERE NOT EXISTS (SELECT 1 FROM scopes \
    WHERE scopes.tenant = definitions.tenant AND scopes.service = definitions.service AND scopes.workspace = definitions.workspace)";
const DEFINITION_IN_PIECES: &str = "SELECT COUNT(*) FROM definitions WHERE parts <> \
    (SELECT COUNT(*) FROM definition_parts WHERE definition_parts.definition = definitions.key)";
const PART_WITHOUT_DEFINITION: &str = "SELECT COUNT(*) FROM definition_parts WHERE NOT EXISTS \
    (SELECT 1 FROM definitions WHERE definitions.key = definition_parts.definition)";
const RECORD_WITHOUT_RUN: &str = "SELECT COUNT(*) FROM history WHERE run IS NOT NULL AND NOT EXISTS \
    (SELECT 1 FROM runs WHERE runs.key = history.run AND runs.partition = history.partition)";
const UNKNOWN_OWNER: &str = "SELECT COUNT(*) FROM (SELECT partition, owner_epoch FROM runs \
    UNION ALL SELECT partition, owner_epoch FROM run_states UNION ALL SELECT partition, owner_epoch FROM run_nodes \
    UNION ALL SELECT partition, owner_epoch FROM history UNION ALL SELECT partition, owner_epoch FROM claims) AS written \
    WHERE NOT EXISTS (SELECT 1 FROM partitions WHERE partitions.partition = written.partition AND partitions.epoch >= written.owner_epoch)";
const BEYOND_LAST: &str = "SELECT (SELECT COUNT(*) FROM commits WHERE id > (SELECT MAX(last_group) FROM partitions)) \
    + (SELECT COUNT(*) FROM runs WHERE created_at / 1000 > (SELECT MAX(last_created_ms) FROM partitions))";
const REFRESH_UNSPENT: &str = "SELECT COUNT(*) FROM refresh_tokens AS later JOIN refresh_tokens AS spender \
    ON spender.hash = later.predecessor WHERE spender.spent <> 'spent'";
const REFRESH_HALF_REVOKED: &str = "SELECT COUNT(*) FROM (SELECT family FROM refresh_tokens GROUP BY family \
    HAVING COUNT(*) <> COUNT(CASE WHEN revoked = 'revoked' THEN 1 END) AND COUNT(CASE WHEN revoked = 'revoked' THEN 1 END) > 0) AS families";
