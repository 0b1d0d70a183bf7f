//! What a test tells beside its result.

/// Says something that is shown when the test fails.
pub(crate) fn tell(sentence: &str) {
    eprintln!("{sentence}");
}
