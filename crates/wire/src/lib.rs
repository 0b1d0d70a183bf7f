//! The public contract: the JSON bodies of both faces, the guide's codes, the problem catalogue, the CLI's exit codes.
//!
//! Knows nothing but how these look on the wire. Must not know any other crate of Dayend.

pub mod codes;
pub mod definitions;
pub mod exit;
pub mod external;
pub mod files;
pub mod logs;
pub mod oauth;
pub mod problem;
pub mod runs;
