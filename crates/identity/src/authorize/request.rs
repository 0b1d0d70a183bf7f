//! What an app asks, as it was sent and as it was understood.

use super::prompt::Prompt;
use super::redirect::Target;
use crate::tokens::{Hint, Scopes};
use dayend_store::port::AppRow;

/// The parameters of a request, those without a value being absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a parameter whose value does not matter"
)]
pub struct AuthorizeRequest {
    pub client_id: Option<String>,
    pub redirect_uri: Option<String>,
    pub response_type: Option<String>,
    pub response_mode: Option<String>,
    pub scope: Option<String>,
    /// Given back byte for byte.
    pub state: Option<Vec<u8>>,
    pub nonce: Option<String>,
    pub prompt: Option<String>,
    pub max_age: Option<String>,
    pub login_hint: Option<String>,
    pub id_token_hint: Option<String>,
    pub code_challenge: Option<String>,
    pub code_challenge_method: Option<String>,
    pub request: bool,
    pub request_uri: bool,
    pub registration: bool,
    /// Parameters that were sent more than once.
    pub repeated: Vec<String>,
    /// A parameter of the protocol is no UTF-8.
    pub garbled: bool,
}

/// A request of a known app for one of its own redirect URIs, with everything in order.
#[derive(Clone)]
pub struct Asked {
    pub(crate) app: AppRow,
    pub(crate) bypass_consent: bool,
    pub(super) target: Target,
    pub(crate) scopes: Scopes,
    pub(crate) nonce: Option<String>,
    pub(super) prompt: Prompt,
    pub(super) max_age_s: Option<u64>,
    pub(super) login_hint: Option<String>,
    pub(super) hint: Option<Hint>,
    pub(crate) challenge: Option<String>,
}

impl Asked {
    /// The tenant whose people log in.
    pub fn tenant(&self) -> &str {
        &self.app.tenant
    }

    /// The app's name for people.
    pub fn app_name(&self) -> &str {
        &self.app.name
    }

    /// Who the app thinks it is dealing with.
    pub fn login_hint(&self) -> Option<&str> {
        self.login_hint.as_deref()
    }

    /// Where the answer goes, for the page's policy.
    pub fn redirect_uri(&self) -> &str {
        &self.target.uri
    }

    /// The answer when the user says no.
    pub fn denied(&self) -> super::AuthorizeError {
        self.target.refused("access_denied", "the user did not allow it")
    }
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Asked").field("app", &self.app).finish_non_exhaustive()
    }
}
