//! The report: what the positions of the day are worth in euro, by currency and in total.

use super::files::Night;
use super::{ledger, money};
use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;

const BY_CURRENCY: &str = "select position.currency, cast(count(*) as text), cast(sum(position.amount_cents) as text), \
     cast(rate.rate_micros as text), cast(sum(valuation.eur_cents) as text) \
     from position join rate using (mis_date, currency) join valuation using (mis_date, position_id) \
     where mis_date = $1 group by position.currency order by position.currency";
const BY_DESK: &str = "select position.desk, cast(count(*) as text), cast(sum(valuation.eur_cents) as text) \
     from position join valuation using (mis_date, position_id) where mis_date = $1 group by position.desk order by position.desk";
const CSV: &str = "report.csv";
const TEXT: &str = "report.txt";
const CSV_HEADER: &str = "currency,positions,amount,rate,eur_value";

/// The night in figures, as the report has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Figures {
    pub(crate) currencies: Vec<CurrencyFigures>,
    pub(crate) positions: u64,
    pub(crate) eur_value: String,
    /// What the report is called in the file exchange.
    pub(crate) report: String,
}

/// One line of the report. Amounts are decimal texts, so that no reader rounds them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct CurrencyFigures {
    pub(crate) currency: String,
    pub(crate) positions: u64,
    pub(crate) amount: String,
    pub(crate) rate: String,
    pub(crate) eur_value: String,
}

/// Writes `report.csv` and `report.txt` of the date, and copies of them into a directory.
pub(super) async fn write(night: &Night, copies: &Path) -> Result<String> {
    let date = night.mis_date.to_string();
    let mut ledger = ledger::open(night).await?;
    let currencies =
        ledger.rows(BY_CURRENCY, &[&date]).await.context("the ledger could not be read")?;
    let desks = ledger.rows(BY_DESK, &[&date]).await.context("the ledger could not be read")?;
    ledger.close().await?;
    if currencies.is_empty() {
        bail!("the ledger has no valued positions of {date}: run the batch EOD_REVALUE first");
    }
    let csv = csv(&currencies)?;
    let path = night.write(CSV, &csv)?;
    let figures = figures(&csv, String::new())?;
    let text = text(&date, &figures, &desks)?;
    night.write(TEXT, &text)?;
    for (name, content) in [(CSV, &csv), (TEXT, &text)] {
        let copy = copies.join(name);
        std::fs::write(&copy, content)
            .with_context(|| format!("{} could not be written", copy.display()))?;
    }
    let Figures { positions, eur_value, .. } = figures;
    Ok(format!("{positions} positions are worth EUR {eur_value}: {}", path.display()))
}

fn csv(rows: &[Vec<String>]) -> Result<String> {
    let mut csv = format!("{CSV_HEADER}\n");
    let (mut positions, mut total) = (0_u64, 0_i64);
    for row in rows {
        let [currency, count, amount, rate, value] = row.as_slice() else {
            bail!("the ledger answered {} columns instead of 5", row.len());
        };
        let (amount, rate, value) = (amount.parse()?, rate.parse()?, value.parse()?);
        positions += count.parse::<u64>()?;
        total =
            total.checked_add(value).context("the values add up to more than a report can hold")?;
        let (amount, rate, value) =
            (money::from_cents(amount), money::from_micros(rate), money::from_cents(value));
        writeln!(csv, "{currency},{count},{amount},{rate},{value}")?;
    }
    writeln!(csv, "TOTAL,{positions},,,{}", money::from_cents(total))?;
    Ok(csv)
}

fn text(date: &str, figures: &Figures, desks: &[Vec<String>]) -> Result<String> {
    let mut text = format!("Revaluation of {date} in EUR. Rates: European Central Bank.\n\n");
    writeln!(
        text,
        "{:<10} {:>9} {:>24} {:>14} {:>20}",
        "currency", "positions", "amount", "rate", "EUR"
    )?;
    for line in &figures.currencies {
        let CurrencyFigures { currency, positions, amount, rate, eur_value } = line;
        writeln!(text, "{currency:<10} {positions:>9} {amount:>24} {rate:>14} {eur_value:>20}")?;
    }
    text.push('\n');
    for desk in desks {
        let [name, count, value] = desk.as_slice() else {
            bail!("the ledger answered {} columns instead of 3", desk.len());
        };
        writeln!(text, "{name:<10} {count:>9} {:>60}", money::from_cents(value.parse()?))?;
    }
    writeln!(text, "\n{:<10} {:>9} {:>60}", "TOTAL", figures.positions, figures.eur_value)?;
    Ok(text)
}

/// The figures of a report that the night has written, and left under the name `report`.
pub(crate) fn figures(csv: &str, report: String) -> Result<Figures> {
    let mut figures =
        Figures { currencies: Vec::new(), positions: 0, eur_value: String::new(), report };
    for line in csv.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [currency, positions, amount, rate, eur_value] = fields.as_slice() else {
            bail!("the report has a line with {} fields instead of 5", fields.len());
        };
        let (positions, eur_value) = (positions.parse()?, (*eur_value).to_owned());
        if *currency == "TOTAL" {
            (figures.positions, figures.eur_value) = (positions, eur_value);
        } else {
            let (currency, amount, rate) =
                ((*currency).to_owned(), (*amount).to_owned(), (*rate).to_owned());
            figures.currencies.push(CurrencyFigures {
                currency,
                positions,
                amount,
                rate,
                eur_value,
            });
        }
    }
    Ok(figures)
}
