//! What to measure, and which binary.

use anyhow::{Result, bail};
use std::path::{Path, PathBuf};

/// Everything that can be measured.
pub(crate) const NAMES: [&str; 5] = ["wide-deep", "wide-deep-full", "storm", "idle", "status"];
const USAGE: &str = "dayend-bench all | NAME… [--binary FILE]";

/// The command line.
#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) names: Vec<String>,
    pub(crate) binary: PathBuf,
}

impl Args {
    /// Reads the command line; without `--binary` it is the release binary of this checkout.
    pub(crate) fn read() -> Result<Self> {
        let mut names = Vec::new();
        let mut binary = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/dayend");
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--binary" => match words.next() {
                    Some(file) => binary = PathBuf::from(file),
                    None => bail!("--binary needs a file: {USAGE}"),
                },
                "all" => names.extend(NAMES.map(str::to_owned)),
                name => names.push(name.to_owned()),
            }
        }
        if names.is_empty() {
            bail!("{USAGE}, where NAME is one of {}", NAMES.join(", "));
        }
        if !binary.is_file() {
            bail!("{} is missing: cargo build --release -p dayend", binary.display());
        }
        Ok(Self { names, binary })
    }
}
