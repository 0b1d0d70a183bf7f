//! Refresh tokens.

use crate::columns::{broken, hash, sealed};
use crate::fingerprint::fingerprint;
use crate::port::{RefreshRow, SecretHash};
use crate::values::{Row, Value, and};
use dayend_engine::time::Timestamp;

/// A new token, unless it exists.
pub(crate) const INSERT: &str = "INSERT INTO refresh_tokens (hash, predecessor, family, client_id, tenant, user_id, scope, issued_at, \
    expires_at, fingerprint, spent, revoked) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
    ON CONFLICT (hash) DO NOTHING";
/// Spends a token that is neither spent nor revoked, if its successor is new.
pub(crate) const SPEND: &str = "UPDATE refresh_tokens SET spent = 'spent' WHERE hash = $1 AND spent = 'unspent' AND revoked = 'valid' \
    AND NOT EXISTS (SELECT 1 FROM refresh_tokens AS other WHERE other.hash = $2)";
pub(crate) const REVOKE_FAMILY: &str =
    "UPDATE refresh_tokens SET revoked = 'revoked' WHERE family = $1";
pub(crate) const FIND: &str = "SELECT * FROM refresh_tokens WHERE hash = $1";
pub(crate) const ALL: &str = "SELECT * FROM refresh_tokens";
/// Forgets some expired tokens.
pub(crate) const FORGET: &str = "DELETE FROM refresh_tokens WHERE hash IN \
    (SELECT hash FROM refresh_tokens WHERE expires_at < $1 LIMIT 1000)";

/// How a flag is stored: no, yes.
type Words = (&'static str, &'static str);
const SPENT_WORDS: Words = ("unspent", "spent");
const REVOKED_WORDS: Words = ("valid", "revoked");

fn word((no, yes): Words, flag: bool) -> &'static str {
    if flag { yes } else { no }
}

fn flag((no, yes): Words, word: &str) -> Result<bool, sqlx::Error> {
    match word {
        _ if word == no => Ok(false),
        _ if word == yes => Ok(true),
        _ => Err(broken(format!("a refresh token is neither {no} nor {yes}"))),
    }
}

/// A token on its way into the store.
pub(crate) struct NewToken<'a> {
    row: &'a RefreshRow,
    predecessor: Option<[u8; 32]>,
    fingerprint: [u8; 32],
}

impl<'a> NewToken<'a> {
    /// The token, with the one that was spent for it.
    pub(crate) fn new(row: &'a RefreshRow, predecessor: Option<SecretHash>) -> Self {
        let mut new =
            Self { row, predecessor: predecessor.map(|hash| hash.0), fingerprint: [0; 32] };
        new.fingerprint = fingerprint(&new.fixed());
        new
    }

    fn fixed(&self) -> [Value<'_>; 9] {
        let row = self.row;
        [
            Value::from(&row.hash.0),
            self.predecessor.as_ref().into(),
            row.family.as_str().into(),
            row.client_id.as_str().into(),
            row.tenant.as_str().into(),
            row.user_id.as_str().into(),
            row.scope.as_str().into(),
            row.issued_at.into(),
            row.expires_at.into(),
        ]
    }
}

/// The columns of [`INSERT`].
impl Row<12> for NewToken<'_> {
    fn values(&self) -> [Value<'_>; 12] {
        let sealed: [Value<'_>; 10] = and(self.fixed(), &self.fingerprint);
        let with_spent: [Value<'_>; 11] = and(sealed, word(SPENT_WORDS, self.row.spent));
        and(with_spent, word(REVOKED_WORDS, self.row.revoked))
    }
}

row!(RefreshRow, |row| {
    let predecessor: Option<&[u8]> = row.try_get("predecessor")?;
    let predecessor =
        predecessor.map(|bytes| hash(bytes, "predecessor").map(SecretHash)).transpose()?;
    let token = Self {
        hash: SecretHash(hash(row.try_get("hash")?, "hash")?),
        family: row.try_get("family")?,
        client_id: row.try_get("client_id")?,
        tenant: row.try_get("tenant")?,
        user_id: row.try_get("user_id")?,
        scope: row.try_get("scope")?,
        issued_at: Timestamp(row.try_get("issued_at")?),
        expires_at: Timestamp(row.try_get("expires_at")?),
        spent: flag(SPENT_WORDS, row.try_get("spent")?)?,
        revoked: flag(REVOKED_WORDS, row.try_get("revoked")?)?,
    };
    let what = format_args!("a refresh token of family `{}`", token.family);
    sealed(what, &NewToken::new(&token, predecessor).fixed(), row.try_get("fingerprint")?)?;
    Ok(token)
});
