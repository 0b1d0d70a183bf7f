//! How an invariant says that it is broken.

/// The sentence, if it does not hold.
pub(super) fn must(holds: bool, broken: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(broken()) }
}
