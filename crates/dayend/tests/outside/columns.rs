//! A batch of commands that sign the witness, in columns.

use std::fmt::Write as _;
use std::path::Path;

const SIGN: &str =
    r#"echo "WITNESS $DAYEND_RUN_ID $DAYEND_TASK $DAYEND_IDEMPOTENCY_KEY $DAYEND_ATTEMPT" >> "$1""#;

/// The batch WORK: so many tasks side by side, so many after each other. Each signs the witness and then does as `script`
/// says, where `$1` is the witness. They may run once a generation, because `on_lost` is `abort`.
pub(crate) fn columns(width: usize, depth: usize, script: &str, witness: &Path) -> String {
    let witness = witness.display();
    let mut yaml = "apiVersion: dayend/v1\nkind: Batch\ncode: WORK\ntasks:\n".to_owned();
    for row in 0..depth {
        for column in 0..width {
            writeln!(
                yaml,
                r#"  - code: T{row}_{column}
    command: {{ argv: ["/bin/sh", "-c", '{SIGN}; {script}', "sh", "{witness}"] }}"#
            )
            .unwrap();
            if let Some(before) = row.checked_sub(1) {
                writeln!(yaml, "    after: [T{before}_{column}]").unwrap();
            }
        }
    }
    yaml
}
