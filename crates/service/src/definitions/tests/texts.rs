//! From a text to what is wrong with it, as a line.

use crate::definitions::{Parsed, read};
use crate::requests::{Defect, SourceFile};

pub(super) fn file(name: &str, text: &str) -> SourceFile {
    SourceFile { name: name.to_owned(), text: text.into() }
}

pub(super) fn read_one(text: &str) -> Result<Vec<Parsed>, Vec<Defect>> {
    read(&[file("a.yaml", text)])
}

/// Each defect as `line:column field: problem`.
pub(super) fn defects_of(text: &str) -> Vec<String> {
    let defects = read_one(text).expect_err("the text should be refused");
    defects.iter().map(shown).collect()
}

pub(super) fn shown(defect: &Defect) -> String {
    format!("{}:{} {}: {}", defect.line, defect.column, defect.field, defect.problem)
}

/// Each text is refused with exactly the wanted defects.
#[track_caller]
pub(super) fn assert_refused<'c>(cases: impl IntoIterator<Item = (String, &'c str)>) {
    let differs = |(text, want): (String, &str)| {
        let got = defects_of(&text).join("\n");
        (got != want).then(|| format!("WANT {want}\nGOT  {got}\n{text}"))
    };
    let different: Vec<String> = cases.into_iter().filter_map(differs).collect();
    assert!(different.is_empty(), "{}", different.join("\n\n"));
}
