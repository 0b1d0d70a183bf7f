//! Which types of resources have lists.

use super::{APP, GRANT, GROUP, ROLE, Schema, USER};

/// The types that have lists of their own.
pub(in crate::admin) const LISTED: [&Schema; 5] = [&APP, &USER, &GROUP, &ROLE, &GRANT];
