//! What the external interface says in words, in the language that the caller asked for.

mod language;
mod sentence;
mod texts;

pub use language::Language;
pub use sentence::{Sentence, Wanted};
