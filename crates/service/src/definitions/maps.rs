//! Maps of names to texts: parameters and environments.

use super::fields::free_entries;
use super::node::Node;
use super::report::{Path, Report};
use super::scalars;
use dayend_engine::codes::shortened;
use dayend_engine::params::{MIS_DATE, is_built_in, is_name, names};
use std::collections::BTreeMap;

/// Declared parameters; the names may be written with their `$` signs.
pub(super) fn params(
    node: Node,
    path: &Path<'_>,
    report: &mut Report,
) -> Option<BTreeMap<String, String>> {
    collect(node, "`params`", path, report, |key, _| {
        let name = key.strip_prefix('$').and_then(|rest| rest.strip_suffix('$')).unwrap_or(key);
        match name {
            MIS_DATE => {
                Err(format!("`{MIS_DATE}` is always there and holds the run's date: remove it"))
            }
            name if is_built_in(name) => {
                Err(format!("`{name}` is always there and cannot be declared: choose another name"))
            }
            name if is_name(name) => Ok(name.to_owned()),
            _ => Err(format!(
                "`{}` is not a parameter name: a letter, then letters, digits or `_`",
                shortened(key)
            )),
        }
    })
}

/// The extra environment of a command.
pub(super) fn environment(
    node: Node,
    path: &Path<'_>,
    report: &mut Report,
) -> Option<BTreeMap<String, String>> {
    collect(node, "`env`", path, report, |name, value| {
        if !is_variable(name) {
            return Err(format!(
                "`{}` is not a variable name: a letter or `_`, then letters, digits or `_`",
                shortened(name)
            ));
        }
        if name.starts_with("DAYEND_") {
            return Err(format!("`{}` is set by Dayend: choose another name", shortened(name)));
        }
        if steers_programs(name) && !names(value).is_empty() {
            return Err(format!(
                "`{name}` decides what programs run, so its value must not hold a placeholder"
            ));
        }
        Ok(name.to_owned())
    })
}

/// Whether `name` can be the name of an environment variable.
pub(super) fn is_variable(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Variables through which whoever triggers a run could make a program run something else.
fn steers_programs(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let fixed = [
        "PATH",
        "IFS",
        "ENV",
        "BASH_ENV",
        "SHELLOPTS",
        "PS4",
        "CDPATH",
        "NODE_OPTIONS",
        "JAVA_TOOL_OPTIONS",
    ];
    fixed.contains(&upper.as_str())
        || ["LD_", "DYLD_", "PYTHON", "PERL5", "RUBY"]
            .iter()
            .any(|prefix| upper.starts_with(prefix))
        || upper.ends_with("_PROXY")
}

/// Texts by the name that `rename` makes of a key and its text, or says why there is none.
fn collect(
    node: Node,
    what: &str,
    path: &Path<'_>,
    report: &mut Report,
    rename: fn(&str, &str) -> Result<String, String>,
) -> Option<BTreeMap<String, String>> {
    let before = report.len();
    let mut map = BTreeMap::new();
    for entry in free_entries(node, what, path, report)? {
        let (at, path) = (entry.at, path.field(&entry.key));
        let Some(value) = scalars::as_written(entry.node, &path, report) else { continue };
        match rename(&entry.key, &value) {
            Err(problem) => report.add(at, &path, problem),
            Ok(name) if map.contains_key(&name) => {
                report.add(at, &path, format!("`{name}` is there twice: remove one"));
            }
            Ok(name) => {
                map.insert(name, value);
            }
        }
    }
    (report.len() == before).then_some(map)
}
