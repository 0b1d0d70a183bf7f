//! Claims: idempotency keys that were used.

use crate::columns::{hash, sealed};
use crate::fingerprint::fingerprint;
use crate::many::Many;
use crate::port::{ClaimRow, Group};
use crate::values::{Row, Value, and};
use dayend_engine::time::Timestamp;

/// Claims a key unless it is taken; answers with the keys that were free.
pub(crate) const TAKE: &str = "INSERT INTO claims (tenant, client, verb, key, partition, owner_epoch, body_hash, answer, at, fingerprint) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
    ON CONFLICT (tenant, client, verb, key) DO NOTHING RETURNING tenant, client, verb, key";
pub(crate) const FIND: &str =
    "SELECT * FROM claims WHERE tenant = $1 AND client = $2 AND verb = $3 AND key = $4";
pub(crate) const ALL: &str = "SELECT * FROM claims";
/// Forgets some old keys.
pub(crate) const FORGET: &str = "DELETE FROM claims WHERE (tenant, client, verb, key) IN \
    (SELECT tenant, client, verb, key FROM claims WHERE at < $1 LIMIT 1000)";

/// [`TAKE`] for many rows.
pub(crate) static TAKE_MANY: Many = Many::new(TAKE);

/// What names a claim: tenant, client, verb and key.
pub(crate) type ClaimName<'a> = (&'a str, &'a str, &'a str, &'a str);

/// The claim's name.
pub(crate) fn name(row: &ClaimRow) -> ClaimName<'_> {
    (&row.tenant, &row.client, &row.verb, &row.key)
}

/// The name of a claim that [`TAKE`] took.
pub(crate) struct Taken {
    tenant: String,
    client: String,
    verb: String,
    key: String,
}

impl Taken {
    /// What was taken.
    pub(crate) fn name(&self) -> ClaimName<'_> {
        (&self.tenant, &self.client, &self.verb, &self.key)
    }
}

row!(Taken, |row| Ok(Self {
    tenant: row.try_get("tenant")?,
    client: row.try_get("client")?,
    verb: row.try_get("verb")?,
    key: row.try_get("key")?,
}));

/// A claim on its way into the store.
pub(crate) struct NewClaim<'a> {
    row: &'a ClaimRow,
    partition: i64,
    owner_epoch: i64,
    fingerprint: [u8; 32],
}

impl<'a> NewClaim<'a> {
    /// The claim as the group's owner writes it.
    pub(crate) fn new(group: &Group, row: &'a ClaimRow) -> Self {
        Self::sealed(row, group.partition.0.into(), group.epoch.0)
    }

    fn sealed(row: &'a ClaimRow, partition: i64, owner_epoch: i64) -> Self {
        let mut new = Self { row, partition, owner_epoch, fingerprint: [0; 32] };
        new.fingerprint = fingerprint(&new.fixed());
        new
    }

    fn fixed(&self) -> [Value<'_>; 9] {
        let row = self.row;
        [
            row.tenant.as_str().into(),
            row.client.as_str().into(),
            row.verb.as_str().into(),
            row.key.as_str().into(),
            self.partition.into(),
            self.owner_epoch.into(),
            Value::from(&row.body_hash),
            row.answer.as_str().into(),
            row.at.into(),
        ]
    }
}

/// The columns of [`TAKE`].
impl Row<10> for NewClaim<'_> {
    fn values(&self) -> [Value<'_>; 10] {
        and(self.fixed(), &self.fingerprint)
    }
}

row!(ClaimRow, |row| {
    let claim = Self {
        tenant: row.try_get("tenant")?,
        client: row.try_get("client")?,
        verb: row.try_get("verb")?,
        key: row.try_get("key")?,
        body_hash: hash(row.try_get("body_hash")?, "body_hash")?,
        answer: row.try_get("answer")?,
        at: Timestamp(row.try_get("at")?),
    };
    let written = NewClaim::sealed(&claim, row.try_get("partition")?, row.try_get("owner_epoch")?);
    let what = format_args!("the idempotency key `{}` of `{}`", claim.key, claim.client);
    sealed(what, &written.fixed(), row.try_get("fingerprint")?)?;
    Ok(claim)
});
