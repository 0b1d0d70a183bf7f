//! The server's settings: one table, read from `dayend.toml`, then `DAYEND_*`, then flags.

mod load;
mod manual;
mod table;
mod typed;
mod value;

pub(crate) use load::{Flag, Loaded, load, unknown_variables};
pub(crate) use manual::commented_file;
pub(crate) use table::{SETTINGS, Setting};
pub(crate) use typed::{BucketSettings, LogFormat, MailSettings, Settings};
pub(crate) use value::Kind;
