-- Portable types only: TEXT, BIGINT (instants in microseconds), BOOLEAN, BYTEA.
-- `fingerprint` is SHA-256 over the columns that never change after the insert (or all of them, where a row is replaced whole).

CREATE TABLE partitions (
    partition BIGINT PRIMARY KEY,
    -- Grows with each change of owner.
    epoch BIGINT NOT NULL,
    -- The end of the hash chain, so that a cut tail is noticed.
    head_seq BIGINT NOT NULL,
    head_hash BYTEA NOT NULL,
    last_group BIGINT NOT NULL,
    last_created_ms BIGINT NOT NULL,
    -- Grows when the fate of a commit had to be settled.
    settled BIGINT NOT NULL
);

INSERT INTO partitions (partition, epoch, head_seq, head_hash, last_group, last_created_ms, settled)
VALUES (0, 0, 0, '', 0, 0, 0);

CREATE TABLE commits (
    id BIGINT PRIMARY KEY,
    partition BIGINT NOT NULL,
    at BIGINT NOT NULL,
    writes BIGINT NOT NULL,
    lost TEXT NOT NULL
);

CREATE TABLE runs (
    key BIGINT PRIMARY KEY,
    partition BIGINT NOT NULL,
    owner_epoch BIGINT NOT NULL,
    run_id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    service TEXT NOT NULL,
    workspace TEXT NOT NULL,
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    mis_date TEXT NOT NULL,
    version BIGINT NOT NULL,
    parent_run BIGINT,
    parent_node BIGINT,
    rerun_of BIGINT,
    params TEXT NOT NULL,
    choices TEXT NOT NULL,
    triggered_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    fingerprint BYTEA NOT NULL
);
CREATE UNIQUE INDEX runs_id ON runs (tenant, run_id);
CREATE INDEX runs_scope ON runs (tenant, service, workspace, key);
CREATE INDEX runs_code ON runs (tenant, service, workspace, code, key);
CREATE INDEX runs_parent ON runs (parent_run, parent_node) WHERE parent_run IS NOT NULL;

CREATE TABLE run_states (
    run BIGINT PRIMARY KEY REFERENCES runs (key),
    partition BIGINT NOT NULL,
    owner_epoch BIGINT NOT NULL,
    gate BIGINT NOT NULL,
    interrupted BOOLEAN NOT NULL,
    generation BIGINT NOT NULL,
    status BIGINT NOT NULL,
    ended BOOLEAN NOT NULL,
    started_at BIGINT,
    ended_at BIGINT
);
CREATE INDEX run_states_live ON run_states (partition, run) WHERE NOT ended;

CREATE VIEW run_rows AS
SELECT runs.key, runs.partition, runs.owner_epoch, runs.run_id, runs.tenant, runs.service, runs.workspace, runs.kind,
    runs.code, runs.mis_date, runs.version, runs.parent_run, runs.parent_node, runs.rerun_of, runs.params, runs.choices,
    runs.triggered_by, runs.created_at, runs.fingerprint, run_states.gate, run_states.interrupted,
    run_states.generation, run_states.status, run_states.ended, run_states.started_at, run_states.ended_at
FROM runs JOIN run_states ON run_states.run = runs.key;

CREATE TABLE run_nodes (
    run BIGINT NOT NULL REFERENCES runs (key),
    node BIGINT NOT NULL,
    partition BIGINT NOT NULL,
    owner_epoch BIGINT NOT NULL,
    state BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    wake_at BIGINT,
    started_at BIGINT,
    ended_at BIGINT,
    handle TEXT,
    message TEXT,
    PRIMARY KEY (run, node)
) /* clustered */;

CREATE TABLE history (
    partition BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    owner_epoch BIGINT NOT NULL,
    run BIGINT,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    event TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (partition, seq)
);
CREATE INDEX history_run ON history (run, seq) WHERE run IS NOT NULL;

CREATE TABLE claims (
    tenant TEXT NOT NULL,
    client TEXT NOT NULL,
    verb TEXT NOT NULL,
    key TEXT NOT NULL,
    partition BIGINT NOT NULL,
    owner_epoch BIGINT NOT NULL,
    body_hash BYTEA NOT NULL,
    answer TEXT NOT NULL,
    at BIGINT NOT NULL,
    fingerprint BYTEA NOT NULL,
    PRIMARY KEY (tenant, client, verb, key)
);
CREATE INDEX claims_at ON claims (at);

CREATE TABLE definitions (
    key BIGINT PRIMARY KEY,
    tenant TEXT NOT NULL,
    service TEXT NOT NULL,
    workspace TEXT NOT NULL,
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    version BIGINT NOT NULL,
    -- SHA-256 of the content, before it was cut into parts and packed.
    digest BYTEA NOT NULL,
    parts BIGINT NOT NULL,
    author TEXT NOT NULL,
    at BIGINT NOT NULL,
    fingerprint BYTEA NOT NULL
);
CREATE UNIQUE INDEX definitions_version ON definitions (tenant, service, workspace, kind, code, version);

CREATE TABLE definition_parts (
    definition BIGINT NOT NULL REFERENCES definitions (key),
    part BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    fingerprint BYTEA NOT NULL,
    PRIMARY KEY (definition, part)
);

CREATE TABLE scopes (
    tenant TEXT NOT NULL,
    service TEXT NOT NULL,
    workspace TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    PRIMARY KEY (tenant, service, workspace)
);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    password TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    fingerprint BYTEA NOT NULL
);
CREATE UNIQUE INDEX users_name ON users (tenant, name);

CREATE TABLE apps (
    client_id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    secret BYTEA,
    grants TEXT NOT NULL,
    strict BOOLEAN NOT NULL,
    active BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    fingerprint BYTEA NOT NULL
);

CREATE TABLE grants (
    tenant TEXT NOT NULL,
    grantee TEXT NOT NULL,
    service TEXT NOT NULL,
    workspace TEXT NOT NULL,
    function TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    PRIMARY KEY (tenant, grantee, service, workspace, function)
);

CREATE TABLE refresh_tokens (
    hash BYTEA NOT NULL PRIMARY KEY,
    -- The token that was spent for this one.
    predecessor BYTEA,
    family TEXT NOT NULL,
    client_id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    user_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    fingerprint BYTEA NOT NULL,
    -- Words, because they change after the insert and one damaged bit must not turn one into the other.
    spent TEXT NOT NULL CHECK (spent IN ('unspent', 'spent')),
    revoked TEXT NOT NULL CHECK (revoked IN ('valid', 'revoked'))
);
CREATE UNIQUE INDEX refresh_tokens_predecessor ON refresh_tokens (predecessor) WHERE predecessor IS NOT NULL;
CREATE INDEX refresh_tokens_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);
