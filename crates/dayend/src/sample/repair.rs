//! The repair of the position file: letters that were typed for digits.

use super::files::{Night, lines};
use super::money;
use super::positions::{FILE, parse};
use anyhow::{Result, bail};
use dayend_engine::time::MisDate;
use std::path::Path;

/// Writes the digit for each letter O, o, I or l in amounts that are no numbers, and tells what it changed.
pub(crate) fn repair(work: &Path, mis_date: MisDate) -> Result<String> {
    let night = Night::new(work, mis_date);
    let (text, changes) = corrected(&night.read(FILE)?);
    let (_, defects) = parse(&text);
    if let Some(defect) = defects.first() {
        bail!("{} rows need a person, the file was not changed: {defect}", defects.len());
    }
    if changes.is_empty() {
        return Ok(format!("{} needs no repair", night.file(FILE).display()));
    }
    let path = night.write(FILE, &text)?;
    Ok(format!("{}: {}", path.display(), changes.join("; ")))
}

fn corrected(text: &str) -> (String, Vec<String>) {
    let (mut out, mut changes) = (String::new(), Vec::new());
    for (number, line) in lines(text) {
        let repaired = if number == 1 { None } else { repaired(line) };
        if let Some((amount, better)) = &repaired {
            changes.push(format!("line {number}: {amount} is now {better}"));
        }
        match repaired
            .and_then(|(amount, better)| Some(format!("{}{better}", line.strip_suffix(&amount)?)))
        {
            Some(line) => out.push_str(&line),
            None => out.push_str(line),
        }
        out.push('\n');
    }
    (out, changes)
}

/// The amount of a row and what it should have been, if it is no number but becomes one.
fn repaired(line: &str) -> Option<(String, String)> {
    let amount = line.rsplit(',').next()?;
    let better: String = amount
        .chars()
        .map(|letter| match letter {
            'O' | 'o' => '0',
            'I' | 'l' => '1',
            other => other,
        })
        .collect();
    let helps = money::cents(amount).is_none() && money::cents(&better).is_some();
    helps.then(|| (amount.to_owned(), better))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::positions::HEADER;

    fn night_with(text: &str) -> (tempfile::TempDir, MisDate) {
        let place = tempfile::tempdir().unwrap();
        let date = "2026-10-30".parse().unwrap();
        Night::new(place.path(), date).write(FILE, text).unwrap();
        (place, date)
    }

    #[test]
    fn only_the_bad_amount_changes() {
        let (place, date) =
            night_with(&format!("{HEADER}\nPO1,SPOT,USD,12O450.75\nPl2,SPOT,GBP,-1.00\n"));
        let said = repair(place.path(), date).unwrap();
        assert!(said.ends_with("line 2: 12O450.75 is now 120450.75"), "{said}");
        let after = Night::new(place.path(), date).read(FILE).unwrap();
        assert_eq!(after, format!("{HEADER}\nPO1,SPOT,USD,120450.75\nPl2,SPOT,GBP,-1.00\n"));
        assert!(repair(place.path(), date).unwrap().ends_with("needs no repair"));
    }

    #[test]
    fn a_file_that_needs_a_person_is_left_alone() {
        let text = format!("{HEADER}\nP1,SPOT,USD,12O450.75\nP2,SPOT,GBP,about five\n");
        let (place, date) = night_with(&text);
        let problem = repair(place.path(), date).unwrap_err().to_string();
        assert!(
            problem.starts_with(
                "1 rows need a person, the file was not changed: positions.csv line 3"
            ),
            "{problem}"
        );
        assert_eq!(Night::new(place.path(), date).read(FILE).unwrap(), text);
    }
}
