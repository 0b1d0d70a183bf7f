//! Files over HTTP: the calls that hand out URLs ([`calls`]), and the URLs themselves, which speak as OCI's object storage
//! does: a path with a secret in it, plain bytes in the body, errors as `{code, message}`.

mod calls;
mod disposition;
mod door;
mod fault;
mod get;
mod list;
mod multipart;
mod put;
mod range;
mod requested;
mod routes;
mod transfer;

pub(crate) use fault::OciFault;
pub(crate) use get::plain;
pub(crate) use put::tags_of;
pub(crate) use requested::{announced, conditions, described};
pub(crate) use routes::router;
pub(crate) use transfer::{let_go, take};
