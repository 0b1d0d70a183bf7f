//! The manifests of the workspace's crates: who depends on what, and in which line.

use super::Tree;
use super::finding::{Finding, Rule};
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

const ROOT: &str = "Cargo.toml";

/// One crate of the workspace.
#[derive(Debug)]
pub(crate) struct Manifest {
    pub(crate) path: String,
    /// The directory's name, by which a crate is called here.
    pub(crate) crate_name: String,
    pub(crate) dependencies: Vec<Dependency>,
    /// Whether the workspace's lints hold for it.
    pub(crate) has_workspace_lints: bool,
}

/// A line of a dependency table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// The package's name, whatever the manifest calls it.
    pub(crate) package: String,
    pub(crate) line: usize,
    pub(crate) for_tests: bool,
}

/// Reads every `crates/*/Cargo.toml`, and says which cannot be read.
pub(crate) fn manifests(tree: &Tree) -> (Vec<Manifest>, Vec<Finding>) {
    let renamed = tree.text(ROOT).map(workspace_renames).transpose();
    let (renamed, mut findings) = match renamed {
        Ok(renamed) => (renamed.unwrap_or_default(), Vec::new()),
        Err(error) => (BTreeMap::new(), vec![unreadable(ROOT, "", &error)]),
    };
    let mut manifests = Vec::new();
    for (path, text) in tree.texts_ending("/Cargo.toml") {
        let Some(crate_name) =
            path.strip_prefix("crates/").and_then(|p| p.strip_suffix("/Cargo.toml"))
        else {
            continue;
        };
        match read(path, crate_name, text, &renamed) {
            Ok(manifest) => manifests.push(manifest),
            Err(error) => findings.push(unreadable(path, text, &error)),
        }
    }
    (manifests, findings)
}

fn unreadable(path: &str, text: &str, error: &toml::de::Error) -> Finding {
    let line = error.span().map_or(1, |span| line_at(text, span.start));
    Finding::new(Rule::Readable, (path, line), error.message(), "make it TOML")
}

/// The packages that `[workspace.dependencies]` calls by another name.
fn workspace_renames(text: &str) -> Result<BTreeMap<String, String>, toml::de::Error> {
    let root = DeTable::parse(text)?.into_inner();
    let dependencies = table(&root, "workspace").and_then(|table_| table(table_, "dependencies"));
    let renamed = |(name, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let package = string(value.get_ref().as_table()?, "package")?;
        Some((AsRef::<str>::as_ref(name.get_ref()).to_owned(), package))
    };
    Ok(dependencies.into_iter().flatten().filter_map(renamed).collect())
}

fn read(
    path: &str,
    crate_name: &str,
    text: &str,
    renamed: &BTreeMap<String, String>,
) -> Result<Manifest, toml::de::Error> {
    let root = DeTable::parse(text)?.into_inner();
    let mut dependencies = Vec::new();
    let targets = table(&root, "target").into_iter().flatten();
    let by_target = targets.filter_map(|(_, value)| value.get_ref().as_table());
    for section in std::iter::once(&root).chain(by_target) {
        for (kind, for_tests) in
            [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)]
        {
            for (name, value) in table(section, kind).into_iter().flatten() {
                let called: &str = name.get_ref();
                let package = value.get_ref().as_table().and_then(|t| string(t, "package"));
                let package = package.or_else(|| renamed.get(called).cloned());
                dependencies.push(Dependency {
                    package: package.unwrap_or_else(|| called.to_owned()),
                    line: line_at(text, name.span().start),
                    for_tests,
                });
            }
        }
    }
    let lints = table(&root, "lints").and_then(|lints| lints.get("workspace"));
    let has_workspace_lints = lints.is_some_and(|value| value.get_ref().as_bool() == Some(true));
    let (path, crate_name) = (path.to_owned(), crate_name.to_owned());
    Ok(Manifest { path, crate_name, dependencies, has_workspace_lints })
}

fn table<'t, 'i>(of: &'t DeTable<'i>, key: &str) -> Option<&'t DeTable<'i>> {
    of.get(key)?.get_ref().as_table()
}

fn string(of: &DeTable<'_>, key: &str) -> Option<String> {
    of.get(key)?.get_ref().as_str().map(ToOwned::to_owned)
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::{Dependency, manifests};
    use crate::tidy::Tree;

    #[test]
    fn every_kind_of_dependency_is_found_under_its_real_name() {
        let root = "[workspace.dependencies]\nsql = { package = \"sqlx\", version = \"1\" }\n";
        let manifest = r#"[package]
name = "a"
[dependencies]
sql.workspace = true
b = { package = "c", version = "1" }
[build-dependencies]
cc = "1"
[target.'cfg(unix)'.dependencies]
nix = "1"
[dev-dependencies.insta]
version = "1"
[lints]
workspace = true
"#;
        let tree = Tree::of(&[("Cargo.toml", root), ("crates/a/Cargo.toml", manifest)]);
        let (manifests, findings) = manifests(&tree);
        assert_eq!(findings, []);
        let [manifest] = manifests.as_slice() else { panic!("{manifests:?}") };
        assert_eq!((manifest.crate_name.as_str(), manifest.has_workspace_lints), ("a", true));
        let want = [
            ("c", 5, false),
            ("sqlx", 4, false),
            ("cc", 7, false),
            ("insta", 10, true),
            ("nix", 9, false),
        ];
        let want = want.map(|(package, line, for_tests)| Dependency {
            package: package.to_owned(),
            line,
            for_tests,
        });
        assert_eq!(manifest.dependencies, want);
    }

    #[test]
    fn a_manifest_that_is_not_toml_names_the_line() {
        let tree = Tree::of(&[("crates/a/Cargo.toml", "[package]\nname = = 1\n")]);
        let (_, findings) = manifests(&tree);
        assert_eq!(findings.first().map(|finding| finding.line), Some(2));
    }
}
