//! Columns, as Markdown wants them.

use super::figure::{Figure, Share, Target, Unit};
use crate::raw::Limits;
use std::time::Duration;

/// Rows of equally many cells; the first one is the head.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut lines = rows.iter();
    let head = lines.next().map(line).unwrap_or_default();
    format!("{head}{}{}", line(&rule), lines.map(line).collect::<String>())
}

/// The head of [`cells`].
pub(super) fn head() -> Vec<String> {
    let head = [
        "what",
        "store",
        "measured",
        "target",
        "",
        "share of the raw limit",
        "CPU a unit (+ database)",
        "client",
        "others",
        "note",
    ];
    head.map(str::to_owned).to_vec()
}

/// A figure as a row. Where the disk is slow a target in absolute numbers says little.
pub(super) fn cells(
    figure: &Figure,
    store: &str,
    limits: Option<&Limits>,
    slow: bool,
) -> Vec<String> {
    let unit = figure.measured.map(|(_, unit)| unit);
    let verdict = match figure.is_ok() {
        None => "",
        Some(true) => "ok",
        Some(false) if slow && !figure.is_diskless => "missed (slow disk)",
        Some(false) => "**missed**",
    };
    let shares: Vec<String> = figure.shares.iter().filter_map(|told| share(told, limits)).collect();
    let both = figure.cost.map(|cost| match cost.database {
        Duration::ZERO => short(cost.server),
        database => format!("{} + {}", short(cost.server), short(database)),
    });
    let target = figure.target.zip(unit).map(|(target, unit)| match target {
        Target::AtMost(limit) => format!("≤ {}", amount(limit, unit)),
        Target::AtLeast(limit) => format!("≥ {}", amount(limit, unit)),
    });
    vec![
        figure.what.clone(),
        store.to_owned(),
        figure.measured.map(|(number, unit)| amount(number, unit)).unwrap_or_default(),
        target.unwrap_or_default(),
        verdict.to_owned(),
        shares.join(", "),
        both.unwrap_or_default(),
        figure.cost.map(|cost| short(cost.client)).unwrap_or_default(),
        figure.cost.map(|cost| format!("{:.0} %", cost.others * 100.0)).unwrap_or_default(),
        figure.note.clone(),
    ]
}

fn share(share: &Share, limits: Option<&Limits>) -> Option<String> {
    let (rate, raw, name) = match share {
        Share::OfLimit(rate, limit) => (*rate, limits?.rate(*limit), limit.name()),
        Share::Of(rate, raw, name) => (*rate, *raw, *name),
    };
    Some(format!("{:.2} of {name}", rate / raw))
}

/// A number with its unit, as short as it still says something.
pub(super) fn amount(number: f64, unit: Unit) -> String {
    match unit {
        Unit::Milliseconds => format!("{} ms", digits(number)),
        Unit::Seconds => format!("{} s", digits(number)),
        Unit::PerSecond => format!("{}/s", digits(number)),
        Unit::Mebibytes => format!("{} MiB", digits(number)),
        Unit::Percent => format!("{} %", digits(number)),
        Unit::Times => format!("× {}", digits(number)),
    }
}

fn short(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    if micros < 1e4 {
        format!("{} µs", digits(micros))
    } else {
        format!("{} ms", digits(micros / 1e3))
    }
}

/// Three significant digits, and commas in large numbers.
fn digits(number: f64) -> String {
    let places = if number < 10.0 { 2 } else { usize::from(number < 100.0) };
    let text = format!("{number:.places$}");
    let (whole, fraction) = text
        .split_once('.')
        .map_or((text.as_str(), None), |(whole, fraction)| (whole, Some(fraction)));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fraction.map(|fraction| fraction.trim_end_matches('0')) {
        None | Some("") => grouped,
        Some(fraction) => format!("{grouped}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{digits, table};

    #[test]
    fn numbers_are_short_and_large_ones_have_commas() {
        let cases = [
            (0.004, "0"),
            (0.5, "0.5"),
            (1.234, "1.23"),
            (12.34, "12.3"),
            (123.4, "123"),
            (1234.0, "1,234"),
            (12_345_678.0, "12,345,678"),
        ];
        for (number, want) in cases {
            assert_eq!(digits(number), want);
        }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let text = table(&[row(["a", "bb"]), row(["µµµ", ""])]);
        assert_eq!(text, "| a   | bb |\n| --- | -- |\n| µµµ |    |\n");
    }
}
