//! What a check reports.

use std::fmt;

/// The rule that something breaks; an exception names the one it lifts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// Crates depend downwards only, and all obey the workspace's lints.
    Layers,
    /// A heavy dependency has one door.
    Doors,
    /// Files stay short.
    Length,
    /// `lib.rs` and `mod.rs` declare and re-export.
    Declarations,
    /// Modules are named for what a user would call the thing.
    ModuleNames,
    /// No unfinished work, no silenced lints, no tests left out.
    Banned,
    /// Tests do not wait for time to pass.
    Sleep,
    /// Nothing tells how the project is made.
    Text,
    /// Manuals can be found, and their links lead somewhere.
    Links,
    /// A test that a promise rests on exists.
    NamedTests,
    /// Every migration is built into the binary.
    Migrations,
    /// Rust is Rust, manifests are TOML.
    Readable,
    /// An exception is still needed.
    Exceptions,
}

/// One breach of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) rule: Rule,
    pub(crate) problem: String,
    pub(crate) remedy: String,
}

impl Finding {
    /// A breach of `rule` at a line, counted from 1.
    pub(crate) fn new(
        rule: Rule,
        (path, line): (&str, usize),
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let (problem, remedy) = (problem.into(), remedy.into());
        Self { path: path.to_owned(), line, rule, problem, remedy }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, problem, remedy, .. } = self;
        write!(out, "{path}:{line}: {problem}: {remedy}")
    }
}
