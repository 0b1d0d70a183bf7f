//! The layers: which crate of the workspace may know which.

use super::finding::{Finding, Rule};
use super::manifest::{Dependency, Manifest};

/// Each crate, and the crates that it may depend on.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("engine", &[]),
    ("wire", &[]),
    ("store", &["engine"]),
    ("identity", &["engine", "store"]),
    ("executor", &["engine"]),
    ("files", &[]),
    ("service", &["engine", "store", "identity", "executor", "files"]),
    ("web", &["engine", "identity", "files", "service", "wire"]),
    ("dayend", &["engine", "wire", "store", "identity", "executor", "files", "service", "web"]),
    ("testkit", &["engine", "wire", "store", "identity", "executor", "files", "service", "web"]),
    ("xtask", &[]),
];

/// What the tests of every crate may know besides.
const TESTS_MAY_KNOW: &str = "testkit";

/// Checks what a crate says in its manifest of the others.
pub(crate) fn check(manifest: &Manifest) -> Vec<Finding> {
    let Manifest { path, crate_name, dependencies, has_workspace_lints } = manifest;
    let Some((_, may_know)) = MAY_KNOW.iter().find(|(name, _)| name == crate_name) else {
        let problem = format!("`{crate_name}` is in no layer");
        let remedy = "add it to MAY_KNOW in crates/xtask/src/tidy/layers.rs";
        return vec![Finding::new(Rule::Layers, (path, 1), problem, remedy)];
    };
    let mut findings: Vec<Finding> = dependencies
        .iter()
        .filter_map(|dependency| breach(manifest, may_know, dependency))
        .collect();
    if !has_workspace_lints {
        let problem = "the workspace's lints do not hold here";
        let remedy = "add `[lints]` with `workspace = true`";
        findings.push(Finding::new(Rule::Layers, (path, 1), problem, remedy));
    }
    findings
}

fn breach(manifest: &Manifest, may_know: &[&str], dependency: &Dependency) -> Option<Finding> {
    let (Manifest { path, crate_name, .. }, Dependency { package, line, for_tests }) =
        (manifest, dependency);
    let other = member_name(package)?;
    if may_know.contains(&other) || (*for_tests && other == TESTS_MAY_KNOW) {
        return None;
    }
    let problem = format!("`{crate_name}` must not know `{other}`");
    let remedy = match may_know {
        [] => "it stands at the bottom; move the code to a crate that may know both".to_owned(),
        known => {
            format!("it may know {}; move the code to a crate that may know both", known.join(", "))
        }
    };
    Some(Finding::new(Rule::Layers, (path, *line), problem, remedy))
}

/// The crate that a package of the workspace lives in.
fn member_name(package: &str) -> Option<&str> {
    let name = package.strip_prefix("dayend-").unwrap_or(package);
    MAY_KNOW.iter().map(|(member, _)| *member).find(|member| {
        *member == name && (name != package || matches!(package, "dayend" | "xtask"))
    })
}

#[cfg(test)]
mod tests {
    use super::{MAY_KNOW, check, member_name};
    use crate::tidy::Tree;
    use crate::tidy::manifest::manifests;

    fn problems(crate_name: &str, manifest: &str) -> Vec<String> {
        let path = format!("crates/{crate_name}/Cargo.toml");
        let (manifests, _) = manifests(&Tree::of(&[(&path, manifest)]));
        manifests.iter().flat_map(check).map(|f| format!("{}: {}", f.line, f.problem)).collect()
    }

    #[test]
    fn a_crate_knows_only_what_stands_below_it() {
        #[rustfmt::skip]
        let cases = [
            ("store",   "dependencies",       "dayend-engine",  None),
            ("store",   "dependencies",       "dayend-web",     Some("4: `store` must not know `web`")),
            ("store",   "build-dependencies", "dayend-wire",    Some("4: `store` must not know `wire`")),
            ("engine",  "dependencies",       "dayend-wire",    Some("4: `engine` must not know `wire`")),
            ("web",     "dev-dependencies",   "dayend-testkit", None),
            ("web",     "dependencies",       "dayend-testkit", Some("4: `web` must not know `testkit`")),
            ("web",     "dev-dependencies",   "dayend-store",   Some("4: `web` must not know `store`")),
            ("testkit", "dependencies",       "dayend",         Some("4: `testkit` must not know `dayend`")),
            ("wire",    "dependencies",       "engine",         None),
        ];
        for (crate_name, table, package, want) in cases {
            let text =
                format!("[lints]\nworkspace = true\n[{table}]\n{package}.workspace = true\n");
            let want: Vec<String> = want.into_iter().map(ToOwned::to_owned).collect();
            assert_eq!(problems(crate_name, &text), want, "{crate_name} {table} {package}");
        }
    }

    #[test]
    fn a_crate_without_a_layer_or_lints_is_a_finding() {
        assert_eq!(problems("billing", ""), ["1: `billing` is in no layer"]);
        assert_eq!(problems("wire", ""), ["1: the workspace's lints do not hold here"]);
    }

    /// Whoever may know a crate stands above it, so the table has no circle.
    #[test]
    fn the_table_points_down() {
        let rank = |name: &str| MAY_KNOW.iter().position(|(member, _)| *member == name);
        for (name, may_know) in MAY_KNOW {
            for known in *may_know {
                assert!(rank(known) < rank(name), "{name} stands before {known}");
            }
        }
        assert_eq!(member_name("dayend-engine"), Some("engine"));
    }
}
