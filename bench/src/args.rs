//! What to measure, on which database, and which binary.

use crate::rows::Row;
use crate::settings::Store;
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};

const USAGE: &str = "dayend-bench [NAME…] [--store sqlite|postgres|both] [--quick] [--binary FILE]";

/// The command line.
#[derive(Debug)]
pub(crate) struct Args {
    /// In the order of the table; all of them if none is named.
    pub(crate) rows: Vec<Row>,
    pub(crate) stores: Vec<Store>,
    pub(crate) quick: bool,
    pub(crate) binary: PathBuf,
}

impl Args {
    /// Reads the command line; without `--binary` it is the release binary of this checkout.
    pub(crate) fn read() -> Result<Self> {
        let mut args = Self {
            rows: Vec::new(),
            stores: Store::ALL.to_vec(),
            quick: false,
            binary: Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/dayend"),
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value =
                || words.next().with_context(|| format!("{word} needs a value: {USAGE}"));
            match word.as_str() {
                "--binary" => args.binary = PathBuf::from(value()?),
                "--store" => args.stores = stores(&value()?)?,
                "--quick" => args.quick = true,
                name => args.rows.push(row(name)?),
            }
        }
        if args.rows.is_empty() {
            args.rows = Row::ALL.to_vec();
        }
        if !args.binary.is_file() {
            bail!("{} is missing: cargo build --release -p dayend", args.binary.display());
        }
        Ok(args)
    }
}

fn stores(word: &str) -> Result<Vec<Store>> {
    match word {
        "sqlite" => Ok(vec![Store::Sqlite]),
        "postgres" => Ok(vec![Store::Postgres]),
        "both" => Ok(Store::ALL.to_vec()),
        other => bail!("there is no store `{other}`: {USAGE}"),
    }
}

fn row(name: &str) -> Result<Row> {
    Row::ALL.into_iter().find(|row| row.name() == name).with_context(|| {
        let names: Vec<&str> = Row::ALL.iter().map(|row| row.name()).collect();
        format!("there is no `{name}`: {USAGE}, where NAME is one of {}", names.join(", "))
    })
}
