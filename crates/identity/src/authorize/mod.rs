//! An app asks for somebody's log-in and consent: `/oauth2/v1/authorize`.

mod answer;
mod check;
mod consent;
mod decide;
mod hint;
mod prompt;
mod redirect;
mod request;
mod withdraw;

pub use answer::{AuthorizeError, Redirection, Shown};
pub use decide::{Fresh, Step};
pub use request::{Asked, AuthorizeRequest};
pub use withdraw::{GivenConsent, WithdrawError};
