//! Tokens of configured issuers: whose a token is, and whether it is good.

use super::claims::{Meaning, meaning};
use super::key_set::KeySet;
use super::published::{Documents, PublishedKeys};
use super::settings::{BadIssuer, IssuerSettings};
use crate::cache::Cache;
use crate::caller::Function;
use crate::tokens::{TOKEN_MAX_BYTES, Times};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dayend_engine::time::Timestamp;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};

/// Verified tokens that are remembered at a time.
const VERIFIED_MAX: usize = 10_000;
const VERIFIED_MAX_AGE_S: u32 = 3600;
/// What `typ` may say of an access token; others are meant for something else.
const TYPES: [&str; 3] = ["JWT", "at+jwt", "application/at+jwt"];

/// All issuers but our own.
pub(crate) struct Issuers {
    by_name: HashMap<String, Issuer>,
    /// By the SHA-256 of the token.
    verified: Cache<[u8; 32], Arc<Good>>,
}

/// One issuer.
pub(super) struct Issuer {
    pub(super) settings: IssuerSettings,
    functions: BTreeMap<String, Vec<Function>>,
    algorithms: Vec<Algorithm>,
    keys: Arc<PublishedKeys>,
}

/// A token that was verified.
pub(super) struct Good {
    pub(super) meaning: Meaning,
    pub(super) times: Times,
    /// The keys that were published then: with others, it is verified again.
    under: Weak<KeySet>,
}

#[derive(Deserialize)]
struct Whose {
    iss: String,
}

impl Issuers {
    /// Trusts nobody.
    pub(crate) fn none() -> Self {
        let verified = Cache::new(VERIFIED_MAX, VERIFIED_MAX_AGE_S);
        Self { by_name: HashMap::new(), verified }
    }

    /// Trusts these issuers; never the server's own name, whose keys are here.
    pub(crate) fn new(
        own: &str,
        issuers: Vec<IssuerSettings>,
        documents: &Arc<dyn Documents>,
    ) -> Result<Self, BadIssuer> {
        let mut trusted = Self::none();
        for settings in issuers {
            settings.check()?;
            let bad = |problem: &str| BadIssuer {
                name: settings.name.clone(),
                problem: problem.to_owned(),
            };
            if settings.issuer.trim_end_matches('/') == own.trim_end_matches('/') {
                return Err(bad("the issuer is this server itself"));
            }
            let named = |issuer: &Issuer| issuer.settings.name == settings.name;
            if trusted.by_name.contains_key(&settings.issuer) || trusted.by_name.values().any(named)
            {
                return Err(bad("the name or the issuer is there twice"));
            }
            let issuer = Issuer {
                functions: settings.functions_of().map_err(|problem| bad(&problem))?,
                algorithms: settings.algorithms_of().map_err(|problem| bad(&problem))?,
                keys: PublishedKeys::new(settings.clone(), Arc::clone(documents)),
                settings: settings.clone(),
            };
            trusted.by_name.insert(settings.issuer, issuer);
        }
        Ok(trusted)
    }

    /// The issuer that a token says it is of, if that is one of ours. Nothing is verified yet.
    pub(super) fn of(&self, token: &str) -> Option<&Issuer> {
        if self.by_name.is_empty() || token.len() > TOKEN_MAX_BYTES {
            return None;
        }
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
        let whose: Whose = serde_json::from_slice(&claims).ok()?;
        self.by_name.get(&whose.iss)
    }

    /// The token's meaning, if it is good now.
    pub(super) async fn verified(
        &self,
        issuer: &Issuer,
        (hash, token): ([u8; 32], &str),
        now: Timestamp,
    ) -> Option<Arc<Good>> {
        let edition = match self.verified.get(&hash, now) {
            Ok(good) if good.still(&issuer.keys) => {
                return Some(good).filter(|good| good.times.hold_at(now));
            }
            Ok(_) => {
                self.verified.clear();
                self.verified.get(&hash, now).err()?
            }
            Err(edition) => edition,
        };
        let good = Arc::new(issuer.verify(token, now).await?);
        self.verified.put(hash, Arc::clone(&good), now, edition);
        Some(good)
    }
}

impl Good {
    fn still(&self, keys: &PublishedKeys) -> bool {
        keys.current().is_some_and(|set| std::ptr::eq(Arc::as_ptr(&set), self.under.as_ptr()))
    }
}

impl Issuer {
    async fn verify(&self, token: &str, now: Timestamp) -> Option<Good> {
        let header = decode_header(token).ok()?;
        let typed = header
            .typ
            .as_deref()
            .is_none_or(|typ| TYPES.iter().any(|known| known.eq_ignore_ascii_case(typ)));
        let plain = header.crit.is_none() && header.zip.is_none();
        if !typed || !plain || !self.algorithms.contains(&header.alg) {
            return None;
        }
        let name = header.kid.as_deref();
        let set = self.keys.set_with(name, now).await?;
        let key = set.key(name, header.alg)?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&self.settings.audience);
        validation.set_required_spec_claims(&["iss", "aud", "exp"]);
        // The library would ask the machine's clock, and round fractions: times are checked here.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = decode::<Value>(token, key, &validation).ok()?.claims;
        // A list of issuers would be as good to the library.
        let exact =
            claims.get("iss").and_then(Value::as_str) == Some(self.settings.issuer.as_str());
        let times = Times::of(&claims).filter(|times| exact && times.hold_at(now))?;
        let meaning = meaning(&self.settings, &self.functions, &claims)?;
        Some(Good { meaning, times, under: Arc::downgrade(&set) })
    }
}
