//! Pages for people: logging in, consent, and what they can do for themselves. They work without JavaScript.

mod apps;
mod consent;
mod consents;
mod cookies;
mod device;
mod flow;
mod form;
mod home;
mod mail;
mod page;
mod password;
mod personal;
mod policy;
mod reset;
mod reset_letter;
mod routes;
mod sign_in;
mod style;
mod visit;

pub(crate) use flow::{answer, redirect};
pub(crate) use form::Form;
pub use mail::{Mail, Mailer};
pub(crate) use page::{Frame, later, notice, page, stale};
pub(crate) use reset_letter::{AskedBy, send_reset_letter};
pub use routes::router;
pub(crate) use visit::Visit;
