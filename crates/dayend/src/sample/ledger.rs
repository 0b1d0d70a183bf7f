//! The ledger: a SQLite file that the night's programs load and its `sql` tasks work on.

use super::files::Night;
use super::{positions, rates};
use anyhow::{Context as _, Result};
use dayend_executor::sqlite_file::SqliteFile;
use serde_json::json;

/// The tables; also for people, as `examples/night/ledger.sql`.
const SCHEMA: &str = include_str!("../../../../examples/night/ledger.sql");
/// `$1` is the MIS date, `$2` a JSON array of `[currency, micros]`.
const LOAD_RATES: &str = "insert into rate (mis_date, currency, rate_micros) \
     select $1, json_extract(value, '$[0]'), json_extract(value, '$[1]') from json_each($2) where true \
     on conflict (mis_date, currency) do update set rate_micros = excluded.rate_micros";
const DROP_OTHER_RATES: &str = "delete from rate where mis_date = $1 \
     and currency not in (select json_extract(value, '$[0]') from json_each($2))";
/// `$1` is the MIS date, `$2` a JSON array of `[id, desk, currency, cents]`.
const LOAD_POSITIONS: &str = "insert into position (mis_date, position_id, desk, currency, amount_cents) \
     select $1, json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), \
     json_extract(value, '$[3]') from json_each($2) where true \
     on conflict (mis_date, position_id) do update set desk = excluded.desk, currency = excluded.currency, \
     amount_cents = excluded.amount_cents";
const DROP_OTHER_POSITIONS: &str = "delete from position where mis_date = $1 \
     and position_id not in (select json_extract(value, '$[0]') from json_each($2))";
const DROP_OTHER_VALUATIONS: &str = "delete from valuation where mis_date = $1 \
     and position_id not in (select json_extract(value, '$[0]') from json_each($2))";
/// `$2` is a JSON array of one pair: the number of positions and the sum of their amounts in cents.
const NOTE_DELIVERY: &str = "insert into delivery (mis_date, positions, amount_cents) \
     select $1, json_extract($2, '$[0]'), json_extract($2, '$[1]') where true \
     on conflict (mis_date) do update set positions = excluded.positions, amount_cents = excluded.amount_cents";

/// Opens the ledger, or makes it.
pub(super) async fn open(night: &Night) -> Result<SqliteFile> {
    let path = night.shared().join("ledger.sqlite");
    let opened = async {
        std::fs::create_dir_all(night.shared())?;
        anyhow::Ok(SqliteFile::open(&path, SCHEMA).await?)
    };
    opened.await.with_context(|| format!("the ledger {} could not be opened", path.display()))
}

/// Makes the ledger's rates of the date those of `rates.csv`.
pub(super) async fn load_rates(night: &Night) -> Result<String> {
    let rates = rates::read(night)?;
    let rows: Vec<_> = rates.iter().map(|rate| json!([rate.currency, rate.micros])).collect();
    let (date, rows) = (night.mis_date.to_string(), json!(rows).to_string());
    let mut ledger = open(night).await?;
    let loaded = ledger
        .transaction(&[(LOAD_RATES, &[&date, &rows]), (DROP_OTHER_RATES, &[&date, &rows])])
        .await;
    loaded.context("the rates could not be loaded into the ledger")?;
    ledger.close().await?;
    Ok(format!("{} rates of {date} are in the ledger", rates.len()))
}

/// Makes the ledger's positions of the date those of `positions.csv`. The same file again changes nothing.
pub(super) async fn load_positions(night: &Night) -> Result<String> {
    let positions = positions::read(night)?;
    let row = |one: &positions::Position| json!([one.id, one.desk, one.currency, one.cents]);
    let rows: Vec<_> = positions.iter().map(row).collect();
    let sum = positions.iter().try_fold(0_i64, |sum, one| sum.checked_add(one.cents));
    let sum = sum.context("the amounts add up to more than the ledger can hold")?;
    let (date, rows) = (night.mis_date.to_string(), json!(rows).to_string());
    let delivery = json!([positions.len(), sum]).to_string();
    let mut ledger = open(night).await?;
    let rows = [date.as_str(), &rows];
    let statements: [(&'static str, &[&str]); 4] = [
        (LOAD_POSITIONS, &rows),
        (DROP_OTHER_POSITIONS, &rows),
        (DROP_OTHER_VALUATIONS, &rows),
        (NOTE_DELIVERY, &[&date, &delivery]),
    ];
    ledger
        .transaction(&statements)
        .await
        .context("the positions could not be loaded into the ledger")?;
    ledger.close().await?;
    Ok(format!("{} positions of {date} are in the ledger", positions.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "insert into valuation (mis_date, position_id, eur_cents, run_id) \
         select mis_date, position_id, eur_cents + $2, 'run' from priced where mis_date = $1";
    const DRIFTING: &str =
        "select currency from currency_drift where mis_date = $1 and apart > allowed";
    const KINDS: &str = "select distinct typeof(apart) || ' ' || typeof(allowed) from currency_drift where mis_date = $1";
    const DATE: &str = "2026-10-30";

    /// `off_cents` is what one wrong program would add to each value.
    #[tokio::test]
    async fn values_that_are_off_by_more_than_half_a_cent_each_are_found_and_no_others() {
        #[rustfmt::skip]
        let cases: [(&str, i64, &[i64], i64, bool); 12] = [
            ("half a cent, rounded up",          2_000_000,         &[1],                          0,      false),
            ("half a cent, rounded down",        2_000_000,         &[1],                         -1,      false),
            ("a cent and a half",                2_000_000,         &[1],                          1,      true),
            ("nothing is left over",             1_000_000,         &[7],                          1,      true),
            ("the largest amount, best rate",    1_000,             &[1_000_000_000_000_000],      0,      false),
            ("the same and a cent",              1_000,             &[1_000_000_000_000_000],      1,      true),
            ("the same and a cent less",         1_000,             &[-1_000_000_000_000_000],    -1,      true),
            ("the largest amount, worst rate",   1_000_000_000_000, &[1_000_000_000_000_000],      0,      false),
            ("the same and a cent",              1_000_000_000_000, &[1_000_000_000_000_000],      1,      true),
            ("close to the largest amount",      40_961,            &[996_451_540_890_781],        0,      false),
            ("amounts that cancel each other",   1_172_310,         &[999_999_999_999_989, -999_999_999_999_991, 3], 0, false),
            ("the same and a cent each",         1_172_310,         &[999_999_999_999_989, -999_999_999_999_991, 3], 1, true),
        ];
        for (name, rate, amounts, off_cents, drifts) in cases {
            let place = tempfile::tempdir().unwrap();
            let path = place.path().join("ledger.sqlite");
            let mut ledger = SqliteFile::open(&path, SCHEMA).await.unwrap();
            let rates = json!([["USD", rate]]).to_string();
            let rows =
                amounts.iter().enumerate().map(|(id, cents)| json!([id, "SPOT", "USD", cents]));
            let rows = json!(rows.collect::<Vec<_>>()).to_string();
            let off_cents = off_cents.to_string();
            let statements: [(&'static str, &[&str]); 3] = [
                (LOAD_RATES, &[DATE, &rates]),
                (LOAD_POSITIONS, &[DATE, &rows]),
                (VALUE, &[DATE, &off_cents]),
            ];
            ledger.transaction(&statements).await.unwrap();
            assert_eq!(ledger.rows(KINDS, &[DATE]).await.unwrap(), [["integer integer"]], "{name}");
            let drifting = ledger.rows(DRIFTING, &[DATE]).await.unwrap();
            assert_eq!(!drifting.is_empty(), drifts, "{name}");
        }
    }
}
