//! All SQL, both databases, and their migrations, behind [`port::Store`].
//!
//! Knows rows and guards. Must not know HTTP.

pub mod port;
