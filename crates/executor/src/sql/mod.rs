//! SQL tasks: statements with bound parameters on a SQLite file or a PostgreSQL database.

mod database;
mod numeric;
mod postgres;
mod scan;
mod sqlite;
mod statement;
mod tally;
mod task;

pub(crate) use task::run;
