//! The text of a definition as the store keeps it.

use dayend_engine::definition::Definition;

/// The one JSON text of a definition: equal definitions have equal texts.
pub fn canonical_json(definition: &Definition) -> String {
    serde_json::to_string(definition)
        .expect("a definition holds only texts, finite numbers and lists of them")
}

/// The definition in a text that [`canonical_json`] made.
pub fn from_canonical(text: &str) -> Result<Definition, String> {
    serde_json::from_str(text).map_err(|error| format!("this is not a stored definition: {error}"))
}
