//! The tables that are printed in the end.

mod collected;
mod figure;
mod machine;
mod table;

pub(crate) use collected::Report;
pub(crate) use figure::{Figure, Unit};
