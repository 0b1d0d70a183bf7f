//! How a request ends: on a page of ours, or back at the app.

use dayend_store::port::StoreError;

/// Where the browser is sent, and with what: the web layer makes the URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirection {
    pub redirect_uri: String,
    /// In this order; the values are bytes, because `state` is given back as it came.
    pub parameters: Vec<(&'static str, Vec<u8>)>,
}

/// Why there is no page to show and no code.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizeError {
    /// To be shown: who asks is not known, or where to answer.
    #[error("{0}")]
    Shown(Shown),
    /// The app is told.
    #[error("the app is told")]
    Redirected(Redirection),
    /// The store does not answer.
    #[error("this cannot be answered now")]
    Unavailable,
}

/// What is said to the person whose browser it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Shown {
    #[error("The app that sent you here did not say which one it is.")]
    NoClient,
    #[error("The app that sent you here is not known, or switched off.")]
    UnknownClient,
    #[error("The app that sent you here did not say where to send you back to.")]
    NoRedirect,
    #[error(
        "The app that sent you here wants you to be sent to an address that is not registered for it."
    )]
    UnknownRedirect,
}

impl From<StoreError> for AuthorizeError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "an authorization request could not be answered because the store failed");
        Self::Unavailable
    }
}
