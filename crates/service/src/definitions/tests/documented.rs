//! The manual and the sample night are accepted as they stand.

use super::file;
use crate::definitions::{check_references, read, warnings};

const MANUAL: &str = include_str!("../../../../../docs/definitions.md");

#[test]
fn the_examples_of_the_manual_work() {
    let examples: Vec<&str> =
        MANUAL.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(examples.len(), 5, "every example is looked at");
    let files: Vec<_> = examples.iter().map(|text| file("definitions.md", text)).collect();
    let parsed = read(&files).unwrap();
    assert_eq!(check_references(&parsed, &|_, _| None), []);
    assert_eq!(parsed.iter().flat_map(warnings).collect::<Vec<_>>(), []);
}
