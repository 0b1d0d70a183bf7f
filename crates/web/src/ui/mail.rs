//! Sending mail: what the pages need of whoever can.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// One letter.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
}

/// The text may hold a secret.
impl fmt::Debug for Mail {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Mail").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Hands letters to a mail server.
pub trait Mailer: Send + Sync {
    /// Returns when the server has taken the letter, or with the reason why not.
    fn send(&self, mail: Mail) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + '_>>;
}
