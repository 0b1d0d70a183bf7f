-- What identity and the file exchange keep beside users and apps: small JSON texts under a name.
CREATE TABLE documents (
    kind TEXT NOT NULL,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    -- What it belongs to, for lists.
    parent TEXT,
    body TEXT NOT NULL,
    -- Grows with each change, so that one of two racing writers loses.
    revision BIGINT NOT NULL,
    expires_at BIGINT,
    fingerprint BYTEA NOT NULL,
    PRIMARY KEY (kind, tenant, id)
);
CREATE INDEX documents_parent ON documents (kind, tenant, parent, id) WHERE parent IS NOT NULL;
CREATE INDEX documents_expiry ON documents (expires_at) WHERE expires_at IS NOT NULL;
