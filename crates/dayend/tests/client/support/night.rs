//! The sample night's figures, computed without any of the product's code: by long division on the digits.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// What the night must come to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) positions: usize,
    /// In whole cents.
    pub(crate) eur_cents: i128,
    pub(crate) by_currency: BTreeMap<String, i128>,
}

/// The directory with the built-in input.
pub(crate) fn data() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/night/data"))
}

/// The figures of a date, from the CSV files.
pub(crate) fn expected(date: &str) -> Expected {
    let rates = rates(date);
    let positions = fs::read_to_string(data().join("positions.csv")).unwrap();
    let mut expected = Expected { positions: 0, eur_cents: 0, by_currency: BTreeMap::new() };
    for line in positions.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        // The one mistyped amount has a letter for a digit.
        let (amount, amount_decimals) = digits(&fields[3].replace('O', "0"));
        let (rate, rate_decimals) = digits(&rates[fields[2]]);
        let numerator = amount.abs() * 10_i128.pow(rate_decimals + 2);
        let denominator = rate * 10_i128.pow(amount_decimals);
        let half_up = (2 * numerator + denominator) / (2 * denominator);
        let cents = half_up * amount.signum();
        expected.positions += 1;
        expected.eur_cents += cents;
        *expected.by_currency.entry(fields[2].to_owned()).or_default() += cents;
    }
    expected
}

/// `-12.5` in cents, for comparing with what was printed.
pub(crate) fn cents(printed: &str) -> i128 {
    let (number, decimals) = digits(printed);
    assert_eq!(decimals, 2, "{printed}");
    number
}

fn rates(date: &str) -> BTreeMap<String, String> {
    let history = fs::read_to_string(data().join("ecb-rates.csv")).unwrap();
    let mut lines = history.lines();
    let header = lines.next().unwrap().split(',').skip(1);
    let row = lines.find_map(|line| line.strip_prefix(date)?.strip_prefix(',')).unwrap();
    header
        .zip(row.split(','))
        .map(|(currency, rate)| (currency.to_owned(), rate.to_owned()))
        .collect()
}

fn digits(text: &str) -> (i128, u32) {
    let decimals = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    (text.replace('.', "").parse().unwrap(), u32::try_from(decimals).unwrap())
}
