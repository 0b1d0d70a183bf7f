//! The doors: a heavy dependency enters the workspace through the crates that are there for it.

use super::finding::{Finding, Rule};
use super::manifest::{Dependency, Manifest};

/// A dependency that not every crate may have.
struct Door {
    package: &'static str,
    crates: &'static [&'static str],
    /// Whether the tests of any crate may use it, as a client or a second opinion.
    open_to_tests: bool,
    reason: &'static str,
}

#[rustfmt::skip]
const DOORS: &[Door] = &[
    Door { package: "sqlx",           crates: &["store", "executor"],   open_to_tests: false, reason: "SQL lives in `store`" },
    Door { package: "libsqlite3-sys", crates: &["store", "executor"],   open_to_tests: false, reason: "SQL lives in `store`" },
    Door { package: "axum",           crates: &["web", "testkit"],      open_to_tests: false, reason: "HTTP is served by `web`" },
    Door { package: "axum-server",    crates: &["web", "testkit"],      open_to_tests: false, reason: "HTTP is served by `web`" },
    Door { package: "argon2",         crates: &["identity"],            open_to_tests: true,  reason: "passwords live in `identity`" },
    Door { package: "jsonwebtoken",   crates: &["identity"],            open_to_tests: true,  reason: "tokens are made by `identity`" },
    Door { package: "rcgen",          crates: &["identity", "dayend"],  open_to_tests: true,  reason: "keys are made by `identity` and `init`" },
    Door { package: "reqwest",        crates: &["executor", "dayend"],  open_to_tests: true,  reason: "calls go out from tasks and from the client" },
    Door { package: "object_store",   crates: &["files"],               open_to_tests: false, reason: "bytes of files live in `files`" },
    Door { package: "clap",           crates: &["dayend"],              open_to_tests: false, reason: "the command line is read by `dayend`" },
];

/// Checks that a crate has no dependency that enters elsewhere.
pub(crate) fn check(manifest: &Manifest) -> Vec<Finding> {
    let breach = |dependency: &Dependency| {
        let door = DOORS.iter().find(|door| door.package == dependency.package)?;
        let is_open = door.crates.contains(&manifest.crate_name.as_str())
            || (dependency.for_tests && door.open_to_tests);
        let place = (manifest.path.as_str(), dependency.line);
        let problem = format!("`{}` must not use `{}`", manifest.crate_name, door.package);
        let remedy =
            format!("{}; ask {} for what is needed", door.reason, door.crates.join(" or "));
        (!is_open).then(|| Finding::new(Rule::Doors, place, problem, remedy))
    };
    manifest.dependencies.iter().filter_map(breach).collect()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::Tree;
    use crate::tidy::manifest::manifests;

    #[test]
    fn a_heavy_dependency_enters_through_its_door_only() {
        #[rustfmt::skip]
        let cases = [
            ("store",   "dependencies",       "sqlx",    true),
            ("service", "dependencies",       "sqlx",    false),
            ("service", "dev-dependencies",   "sqlx",    false),
            ("testkit", "dependencies",       "axum",    true),
            ("dayend",  "dependencies",       "axum",    false),
            ("web",     "dev-dependencies",   "rcgen",   true),
            ("web",     "build-dependencies", "rcgen",   false),
            ("web",     "dev-dependencies",   "clap",    false),
            ("web",     "dependencies",       "serde",   true),
        ];
        for (crate_name, table, package, is_open) in cases {
            let text = format!("[{table}]\n{package} = \"1\"\n");
            let path = format!("crates/{crate_name}/Cargo.toml");
            let (manifests, _) = manifests(&Tree::of(&[(&path, &text)]));
            let findings: Vec<_> = manifests.iter().flat_map(check).collect();
            assert_eq!(findings.is_empty(), is_open, "{crate_name} {table} {package}");
            assert!(findings.iter().all(|finding| finding.line == 2), "{findings:?}");
        }
    }
}
