//! Finds the SQL texts in the sources, so that no test can forget one.

use std::path::Path;

/// All texts, except those whose name ends with `suffix`: another database's.
pub(crate) fn all_but(suffix: &str) -> Vec<String> {
    let mut texts = Vec::new();
    collect(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), suffix, &mut texts);
    assert!(texts.len() > 50, "only {} texts were found", texts.len());
    texts
}

fn collect(directory: &Path, suffix: &str, texts: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, suffix, texts);
        } else {
            let source = std::fs::read_to_string(&path).unwrap();
            let constants = source
                .split("const ")
                .skip(1)
                .filter_map(|rest| rest.split_once(": &str ="))
                .filter(|(name, _)| !name.ends_with(suffix))
                .filter_map(|(_, rest)| rest.split_once("\";"));
            texts.extend(constants.map(|(text, _)| unescaped(text)).filter(|text| is_sql(text)));
        }
    }
}

fn unescaped(literal: &str) -> String {
    let text = literal.trim_start().trim_start_matches('"').replace("\\\"", "\"");
    text.split("\\\n").map(str::trim_start).collect()
}

fn is_sql(text: &str) -> bool {
    ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "PRAGMA ", "BEGIN", "COMMIT", "ROLLBACK"]
        .iter()
        .any(|verb| text.starts_with(verb))
}
