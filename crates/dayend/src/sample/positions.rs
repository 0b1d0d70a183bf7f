//! Positions: receive the file, validate every row.

use super::files::{Input, Night, lines};
use super::money;
use super::rates::CURRENCIES;
use anyhow::{Result, bail};
use dayend_engine::codes::shortened;
use std::collections::BTreeSet;
use std::path::Path;

/// The name of the position file.
pub(super) const FILE: &str = "positions.csv";
/// What was delivered, to tell a repaired file from a new delivery.
const DELIVERED: &str = "positions.delivered.csv";
/// The first line of the position file.
pub(super) const HEADER: &str = "position_id,desk,currency,amount";
/// How many bad rows are told one by one.
const TOLD_MAX: usize = 20;

/// One position.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) id: String,
    pub(super) desk: String,
    pub(super) currency: String,
    pub(super) cents: i64,
}

/// Puts the delivered file in its place. The same delivery again changes nothing, so that a repair survives a rerun.
pub(super) fn receive(night: &Night, directory: &Path) -> Result<String> {
    let text = Night::input(directory, Input::Positions)?;
    let received_before =
        night.file(FILE).is_file() && night.read(DELIVERED).is_ok_and(|before| before == text);
    if received_before {
        return Ok(format!(
            "the same positions were received before: {} stays",
            night.file(FILE).display()
        ));
    }
    let path = night.write(FILE, &text)?;
    night.write(DELIVERED, &text)?;
    let rows = lines(&text).count().saturating_sub(1);
    Ok(format!("{rows} positions written to {}", path.display()))
}

/// Fails unless every row is a position that the night can value.
pub(super) fn validate(night: &Night) -> Result<String> {
    let (positions, defects) = parse(&night.read(FILE)?);
    let Some(first) = defects.first() else {
        return Ok(format!("all {} positions of {} are valid", positions.len(), night.mis_date));
    };
    let (good, bad) = (positions.len(), defects.len());
    let (told, others) = if bad == 1 {
        (String::new(), String::new())
    } else {
        let told: Vec<&str> = defects.iter().take(TOLD_MAX).map(String::as_str).collect();
        (format!("\n  {}", told.join("\n  ")), format!(" (and {} more, see the log)", bad - 1))
    };
    // The last line becomes the task's message, so that line must stand on its own.
    bail!(
        "{good} rows are good, {bad} bad:{told}\n{first}{others}. Repair it: dayend sample repair --work {} --mis-date {}",
        night.work().display(),
        night.mis_date
    )
}

/// The positions of the file; every row must be good.
pub(super) fn read(night: &Night) -> Result<Vec<Position>> {
    let (positions, defects) = parse(&night.read(FILE)?);
    match defects.first() {
        None => Ok(positions),
        Some(first) => bail!("{first}"),
    }
}

/// The good rows, and a sentence on each bad one.
pub(super) fn parse(text: &str) -> (Vec<Position>, Vec<String>) {
    let mut rows = lines(text);
    if rows.next().map(|(_, line)| line) != Some(HEADER) {
        return (Vec::new(), vec![format!("{FILE} does not begin with the line `{HEADER}`")]);
    }
    let (mut positions, mut defects, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (number, line) in rows {
        match position(line) {
            Ok(row) if !seen.insert(row.id.clone()) => {
                defects.push(format!(
                    "{FILE} line {number}: the position {} was there before",
                    row.id
                ));
            }
            Ok(row) => positions.push(row),
            Err(problem) => defects.push(format!("{FILE} line {number}: {problem}")),
        }
    }
    if positions.is_empty() && defects.is_empty() {
        defects.push(format!("{FILE} has no positions"));
    }
    (positions, defects)
}

fn position(line: &str) -> Result<Position, String> {
    let fields: Vec<&str> = line.split(',').collect();
    let [id, desk, currency, amount] = fields.as_slice() else {
        return Err(format!("there are {} fields instead of 4", fields.len()));
    };
    let named = |text: &str| {
        !text.is_empty() && text.len() <= 60 && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if !named(id) || !named(desk) {
        return Err(
            "the position id and the desk must be 1 to 60 visible ASCII characters".to_owned()
        );
    }
    if !CURRENCIES.contains(currency) {
        return Err(format!(
            "position {id}: the night does not revalue the currency `{}`",
            shortened(currency)
        ));
    }
    let cents =
        money::cents(amount).ok_or_else(|| format!("position {id}: {}", not_an_amount(amount)))?;
    Ok(Position {
        id: (*id).to_owned(),
        desk: (*desk).to_owned(),
        currency: (*currency).to_owned(),
        cents,
    })
}

fn not_an_amount(amount: &str) -> String {
    let odd = amount
        .chars()
        .enumerate()
        .find(|(_, letter)| !letter.is_ascii_digit() && !matches!(letter, '-' | '.'));
    let hint = match odd {
        Some((at, letter)) if letter.is_ascii_alphabetic() => {
            format!(" (character {} is the letter {letter})", at + 1)
        }
        _ => String::new(),
    };
    format!("the amount `{}` is not a number with at most two decimals{hint}", shortened(amount))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSITIONS: &str = include_str!("../../../../examples/night/data/positions.csv");

    #[test]
    fn a_bad_row_is_told_with_its_line_and_the_good_ones_are_kept() {
        #[rustfmt::skip]
        let cases = [
            ("P2,SPOT,USD,12O450.75", "line 3: position P2: the amount `12O450.75` is not a number with at most two decimals (character 3 is the letter O)"),
            ("P2,SPOT,USD", "line 3: there are 3 fields instead of 4"),
            ("P2,SPOT,XXX,1.00", "line 3: position P2: the night does not revalue the currency `XXX`"),
            ("P1,SPOT,USD,1.00", "line 3: the position P1 was there before"),
            (",SPOT,USD,1.00", "line 3: the position id and the desk must be 1 to 60 visible ASCII characters"),
            ("P2,SPOT,USD,1.005", "line 3: position P2: the amount `1.005` is not a number with at most two decimals"),
        ];
        for (row, want) in cases {
            let (positions, defects) =
                parse(&format!("{HEADER}\nP1,SPOT,USD,5.00\n{row}\nP9,SPOT,GBP,-1.00\n"));
            assert_eq!(positions.len(), 2, "{row}");
            assert_eq!(defects, [format!("{FILE} {want}")], "{row}");
        }
    }

    #[test]
    fn the_built_in_positions_have_exactly_one_bad_row() {
        let (positions, defects) = parse(POSITIONS);
        assert_eq!(positions.len(), 639);
        assert_eq!(defects.len(), 1);
        assert!(defects[0].contains("12O450.75"), "{defects:?}");
    }

    #[test]
    fn a_repaired_file_survives_the_same_delivery_and_gives_way_to_a_new_one() {
        let place = tempfile::tempdir().unwrap();
        let night = Night::new(place.path(), "2026-10-30".parse().unwrap());
        std::fs::write(place.path().join("positions.csv"), POSITIONS).unwrap();
        receive(&night, place.path()).unwrap();
        night.write(FILE, "repaired").unwrap();
        receive(&night, place.path()).unwrap();
        assert_eq!(night.read(FILE).unwrap(), "repaired");
        std::fs::write(place.path().join("positions.csv"), "new").unwrap();
        receive(&night, place.path()).unwrap();
        assert_eq!(night.read(FILE).unwrap(), "new");
    }
}
