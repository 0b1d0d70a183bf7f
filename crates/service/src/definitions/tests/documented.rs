//! The manual and the sample night are accepted as they stand.

use super::file;
use crate::definitions::{check_references, export, read, warnings};

const MANUAL: &str = include_str!("../../../../../docs/definitions.md");

#[test]
fn the_examples_of_the_manual_work() {
    let examples: Vec<&str> =
        MANUAL.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(examples.len(), 6, "every example is looked at");
    let files: Vec<_> = examples.iter().map(|text| file("definitions.md", text)).collect();
    let parsed = read(&files).unwrap();
    assert_eq!(check_references(&parsed, &|_, _| None), []);
    assert_eq!(parsed.iter().flat_map(warnings).collect::<Vec<_>>(), []);
}

#[test]
fn the_sample_night_is_accepted_and_exported_stably() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/night");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(file(&path.to_string_lossy(), &std::fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(files.len() > 1, "the sample night has several files");
    let parsed = read(&files).unwrap();
    assert_eq!(check_references(&parsed, &|_, _| None), []);
    assert_eq!(parsed.iter().flat_map(warnings).collect::<Vec<_>>(), []);
    let definitions: Vec<_> = parsed.into_iter().map(|parsed| parsed.definition).collect();
    let text = export(&definitions);
    let again: Vec<_> = read(&[file("export.yaml", &text)])
        .unwrap()
        .into_iter()
        .map(|parsed| parsed.definition)
        .collect();
    assert_eq!(again, definitions);
}
