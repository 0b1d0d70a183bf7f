//! Run-time parameters: three layers, and the placeholders `$NAME$` that they fill.

use crate::codes::Code;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The MIS date, `yyyy-mm-dd`; the only built-in that a caller may set.
pub const MIS_DATE: &str = "FICMISDATE";
/// The run id.
pub const BATCH_RUN_ID: &str = "BATCHRUNID";
/// The task code.
pub const TASK_ID: &str = "TASKID";

/// Whether `name` is always there and not for callers to declare or set.
pub fn is_built_in(name: &str) -> bool {
    matches!(name, MIS_DATE | BATCH_RUN_ID | TASK_ID)
}

/// Whether `name` may stand between two `$`: a letter, then letters, digits and `_`.
pub fn is_name(name: &str) -> bool {
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic());
    starts_well && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The values that a trigger brought along, keys without `$`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunParams {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub batch: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tasks: BTreeMap<Code, BTreeMap<String, String>>,
}

/// The parameters of one attempt, resolved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params {
    /// Declared and built-in names: these fill placeholders.
    pub declared: BTreeMap<String, String>,
    /// Names only the caller knew: they travel in the HTTP body and nowhere else.
    pub undeclared: BTreeMap<String, String>,
}

/// The built-in values of one task of one run.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIns<'a> {
    pub mis_date: &'a str,
    pub run_id: &'a str,
    pub task: &'a str,
}

impl Params {
    /// Lays the layers over each other: definition, then `batchParams`, then `taskRuntimeParams` of the task.
    pub fn resolve(
        batch: &BTreeMap<String, String>,
        task: &BTreeMap<String, String>,
        run: &RunParams,
        built_ins: BuiltIns<'_>,
    ) -> Self {
        let mut params = Self { declared: batch.clone(), undeclared: BTreeMap::new() };
        params.declared.extend(task.iter().map(|(name, value)| (name.clone(), value.clone())));
        let for_task = run.tasks.get(built_ins.task).into_iter().flatten();
        for (name, value) in run.batch.iter().chain(for_task).filter(|(name, _)| !is_built_in(name))
        {
            let layer = if params.declared.contains_key(name) {
                &mut params.declared
            } else {
                &mut params.undeclared
            };
            layer.insert(name.clone(), value.clone());
        }
        for (name, value) in [
            (MIS_DATE, built_ins.mis_date),
            (BATCH_RUN_ID, built_ins.run_id),
            (TASK_ID, built_ins.task),
        ] {
            params.declared.insert(name.to_owned(), value.to_owned());
        }
        params
    }

    /// `text` with each known placeholder replaced by its value.
    pub fn fill(&self, text: &str) -> String {
        self.fill_with(text, |_, value| value.to_owned())
    }

    /// `text` with each known placeholder `(name, value)` replaced by what `render` makes of it.
    pub fn fill_with(&self, text: &str, mut render: impl FnMut(&str, &str) -> String) -> String {
        pieces(text, |name| self.declared.contains_key(name))
            .into_iter()
            .map(|piece| match piece {
                Piece::Literal(literal) => literal.to_owned(),
                Piece::Name(name) => {
                    render(name, self.declared.get(name).map_or("", String::as_str))
                }
            })
            .collect()
    }
}

/// A part of a text with placeholders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Stays as written.
    Literal(&'a str),
    /// A known name that stood as `$NAME$`.
    Name(&'a str),
}

/// Splits `text` at the placeholders whose names are known; everything else (`$$`, `$1`, other names) is literal.
pub fn pieces(text: &str, is_known: impl Fn(&str) -> bool) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let (mut literal_from, mut search_from) = (0, 0);
    while let Some((open, name)) = next_name(text, search_from) {
        if is_known(name) {
            if literal_from < open {
                found.push(Piece::Literal(text.get(literal_from..open).unwrap_or_default()));
            }
            found.push(Piece::Name(name));
            literal_from = open + name.len() + 2;
            search_from = literal_from;
        } else {
            // The closing `$` may open the next placeholder.
            search_from = open + name.len() + 1;
        }
    }
    if literal_from < text.len() {
        found.push(Piece::Literal(text.get(literal_from..).unwrap_or_default()));
    }
    found
}

/// All names that stand as `$NAME$` in `text`, known or not; used to warn of undeclared ones.
pub fn names(text: &str) -> Vec<&str> {
    let all = pieces(text, |_| true);
    all.into_iter()
        .filter_map(|piece| if let Piece::Name(name) = piece { Some(name) } else { None })
        .collect()
}

/// The first `$NAME$` at or after byte `from`: where its `$` stands, and the name.
fn next_name(text: &str, from: usize) -> Option<(usize, &str)> {
    let mut open = from + text.get(from..)?.find('$')?;
    loop {
        let rest = text.get(open + 1..)?;
        let close = rest.find('$')?;
        let name = rest.get(..close)?;
        if is_name(name) {
            return Some((open, name));
        }
        open += 1 + close;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_names_between_dollars_are_placeholders() {
        let params = Params {
            declared: [("A", "1"), ("B2", "two"), ("FICMISDATE", "2026-10-30")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            undeclared: BTreeMap::new(),
        };
        let cases = [
            ("$A$", "1"),
            ("x$A$y$B2$z", "x1ytwoz"),
            ("$$A$$", "$1$"),
            ("$1 $A", "$1 $A"),
            ("$UNKNOWN$A$", "$UNKNOWN1"),
            ("$A$A$", "1A$"),
            ("$ A$ $_A$", "$ A$ $_A$"),
            ("ü$A$ü", "ü1ü"),
            ("$FICMISDATE$", "2026-10-30"),
            ("$", "$"),
            ("", ""),
        ];
        for (text, want) in cases {
            assert_eq!(params.fill(text), want, "{text}");
        }
    }

    #[test]
    fn later_layers_win_and_built_ins_cannot_be_overridden() {
        let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let run = RunParams {
            batch: map(&[("A", "batch"), ("B", "batch"), ("NEW", "x"), ("BATCHRUNID", "forged")]),
            tasks: [("T1".parse().unwrap(), map(&[("B", "task"), ("TASKID", "forged")]))].into(),
        };
        let built_ins = BuiltIns { mis_date: "2026-10-30", run_id: "R", task: "T1" };
        let got = Params::resolve(
            &map(&[("A", "d"), ("B", "d"), ("C", "d")]),
            &map(&[("D", "t")]),
            &run,
            built_ins,
        );
        let want = map(&[
            ("A", "batch"),
            ("B", "task"),
            ("BATCHRUNID", "R"),
            ("C", "d"),
            ("D", "t"),
            ("FICMISDATE", "2026-10-30"),
            ("TASKID", "T1"),
        ]);
        assert_eq!(got.declared, want);
        assert_eq!(got.undeclared, map(&[("NEW", "x")]));
    }
}
