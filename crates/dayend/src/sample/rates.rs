//! Rates: pick the day's row, check that it is complete.

use super::files::{Input, Night, lines};
use super::money;
use anyhow::{Context as _, Result, bail};
use dayend_engine::codes::shortened;
use std::fmt::Write as _;
use std::path::Path;

/// The currencies that the night revalues; `examples/night/40-revalue.yaml` has a task for each.
pub(super) const CURRENCIES: [&str; 29] = [
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "GBP", "HKD", "HUF", "IDR", "ILS", "INR",
    "ISK", "JPY", "KRW", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "SEK", "SGD", "THB",
    "TRY", "USD", "ZAR",
];
const FILE: &str = "rates.csv";
const HEADER: &str = "currency,rate";

/// One currency's rate.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) currency: String,
    pub(super) micros: i64,
}

/// Writes the quoted rates of the business date to `rates.csv`.
pub(super) fn fetch(night: &Night, directory: &Path) -> Result<String> {
    let history = Night::input(directory, Input::Rates)?;
    let quoted = row_of(&history, &night.mis_date.to_string())?;
    let mut text = format!("{HEADER}\n");
    for (currency, rate) in &quoted {
        writeln!(text, "{currency},{rate}")?;
    }
    let path = night.write(FILE, &text)?;
    Ok(format!("{} rates of {} written to {}", quoted.len(), night.mis_date, path.display()))
}

/// The quoted currencies of a date in the bank's history: a header with the currencies, then a row a day.
fn row_of<'a>(history: &'a str, date: &str) -> Result<Vec<(&'a str, &'a str)>> {
    let mut rows = lines(history).map(|(_, line)| line);
    let header = rows.next().context("the rate history is empty")?;
    let mut dates = Vec::new();
    for row in rows {
        let (day, rates) = row.split_once(',').unwrap_or((row, ""));
        if day == date {
            let named = header.split(',').skip(1).zip(rates.split(','));
            return Ok(named
                .filter(|(currency, rate)| {
                    !currency.is_empty() && !rate.is_empty() && *rate != "N/A"
                })
                .collect());
        }
        dates.push(day);
    }
    let (first, last) = (dates.iter().min().unwrap_or(&"-"), dates.iter().max().unwrap_or(&"-"));
    bail!(
        "there are no rates of {date}: the history has the bank's business days from {} to {}",
        shortened(first),
        shortened(last)
    )
}

/// The rates that [`fetch`] wrote.
pub(super) fn read(night: &Night) -> Result<Vec<Rate>> {
    parse(&night.read(FILE)?)
}

fn parse(text: &str) -> Result<Vec<Rate>> {
    let rate = |(number, line): (usize, &str)| -> Result<Rate> {
        let (currency, rate) =
            line.split_once(',').with_context(|| format!("{FILE} line {number} is no pair"))?;
        let micros = money::micros(rate).with_context(|| {
            format!(
                "{FILE} line {number}: `{}` is no rate for {}",
                shortened(rate),
                shortened(currency)
            )
        })?;
        Ok(Rate { currency: currency.to_owned(), micros })
    };
    lines(text).skip(1).map(rate).collect()
}

/// Fails unless every currency of the night has a plausible rate.
pub(super) fn check(night: &Night) -> Result<String> {
    let rates = read(night)?;
    let missing: Vec<&str> = CURRENCIES
        .into_iter()
        .filter(|wanted| !rates.iter().any(|rate| rate.currency == *wanted))
        .collect();
    if !missing.is_empty() {
        bail!("no rate is quoted on {} for {}", night.mis_date, missing.join(", "));
    }
    Ok(format!("all {} currencies are quoted on {}", CURRENCIES.len(), night.mis_date))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HISTORY: &str =
        "Date,USD,BGN,IDR,\n2026-10-30,1.1172,N/A,20275.17,\n2026-10-29,1.113,N/A,,\n";

    #[test]
    fn a_day_has_the_currencies_that_were_quoted_on_it() {
        assert_eq!(
            row_of(HISTORY, "2026-10-30").unwrap(),
            [("USD", "1.1172"), ("IDR", "20275.17")]
        );
        assert_eq!(
            row_of(&HISTORY.replace('\n', "\r\n"), "2026-10-29").unwrap(),
            [("USD", "1.113")]
        );
    }

    #[test]
    fn an_unknown_day_is_an_error_that_tells_the_days_there_are() {
        let problem = row_of(HISTORY, "2026-10-31").unwrap_err().to_string();
        assert_eq!(
            problem,
            "there are no rates of 2026-10-31: the history has the bank's business days from 2026-10-29 to 2026-10-30"
        );
    }

    #[test]
    fn a_rate_that_is_no_number_is_an_error_with_its_line() {
        let problem = parse("currency,rate\nUSD,1.1\nGBP,O.8\n").unwrap_err().to_string();
        assert_eq!(problem, "rates.csv line 3: `O.8` is no rate for GBP");
    }

    #[test]
    fn the_night_has_one_revaluation_task_for_each_currency() {
        let yaml = include_str!("../../../../examples/night/40-revalue.yaml");
        let tasks: Vec<&str> =
            yaml.lines().filter_map(|line| line.strip_prefix("  - code: REVALUE_")).collect();
        assert_eq!(tasks, CURRENCIES);
        let params: Vec<&str> = yaml
            .lines()
            .filter_map(|line| line.strip_prefix("    params: { CURRENCY: ")?.strip_suffix(" }"))
            .collect();
        assert_eq!(params, CURRENCIES);
    }
}
