//! The limits of definition documents that are not the engine's.

use std::hash::{BuildHasher as _, RandomState};

/// The most text that one call reads.
pub const TEXT_MAX_BYTES: u64 = 512 << 20;
/// The most text that an HTTP request may bring by default.
pub const REQUEST_TEXT_MAX_BYTES: usize = 256 << 20;
/// The most defects, and the most warnings, that one call reports.
pub const DEFECTS_MAX: usize = 100;

/// A seed for tables of codes that strangers choose.
pub(super) fn seed() -> u64 {
    RandomState::new().hash_one(0_u8)
}

/// How deep lists and maps may be nested.
pub(super) const DEPTH_MAX: usize = 64;
/// The most that all aliases of a document may expand to.
pub(super) const COPIES_MAX_BYTES: usize = 16 << 20;
/// The longest text value.
pub(super) const TEXT_VALUE_MAX_BYTES: usize = 1 << 20;
/// The longest name.
pub(super) const NAME_MAX_CHARS: usize = 250;
/// The longest description.
pub(super) const DESCRIPTION_MAX_CHARS: usize = 1000;
/// The longest name of a parameter, an environment variable, a header or a body key.
pub(super) const KEY_MAX_CHARS: usize = 250;
/// The most parameters, variables, headers, arguments, or entries of one list or map of a body.
pub(super) const ENTRIES_MAX: usize = 10_000;
/// The longest URL.
pub(super) const URL_MAX_BYTES: usize = 8 << 10;
/// The longest header value.
pub(super) const HEADER_VALUE_MAX_BYTES: usize = 8 << 10;
/// The most retries of a task.
pub(super) const RETRIES_MAX: u64 = 10_000;
/// The largest size that a file can be asked to have: 8 EiB, less one byte.
pub(super) const FILE_BYTES_MAX: u64 = i64::MAX.unsigned_abs();
/// The longest duration: 366 days.
pub(super) const DURATION_MAX_MS: u64 = 366 * 24 * 3_600_000;
