//! The points, by subject.

pub(crate) mod accounts;
pub(crate) mod clients;
pub(crate) mod codes;
pub(crate) mod identity;
pub(crate) mod redirects;
pub(crate) mod tokens;
