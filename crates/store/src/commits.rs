//! Group ids: they tell afterwards whether a group was committed, and what became of each of its writes.

use crate::columns::{broken, number};
use crate::port::Outcome;

/// Notes that the group was committed.
pub(crate) const INSERT: &str =
    "INSERT INTO commits (id, partition, at, writes, lost) VALUES ($1, $2, $3, $4, $5)";
/// What became of the group's writes, if it was committed.
pub(crate) const FIND: &str = "SELECT writes, lost FROM commits WHERE id = $1";
/// Forgets some of the oldest ids.
pub(crate) const FORGET: &str =
    "DELETE FROM commits WHERE at < $1 AND id IN (SELECT id FROM commits ORDER BY id LIMIT 1000)";

/// The outcomes of a group as stored: how many there are, and the places of those that lost their race. They are few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredOutcomes {
    pub(crate) writes: i64,
    pub(crate) lost: String,
}

impl StoredOutcomes {
    /// The short form of all outcomes.
    pub(crate) fn of(outcomes: &[Outcome]) -> Self {
        let lost = outcomes.iter().enumerate().filter(|(_, one)| **one == Outcome::LostRace);
        let lost: Vec<String> = lost.map(|(place, _)| place.to_string()).collect();
        Self { writes: i64::try_from(outcomes.len()).unwrap_or(i64::MAX), lost: lost.join(" ") }
    }

    fn outcomes(&self) -> Result<Vec<Outcome>, sqlx::Error> {
        let mut outcomes = vec![Outcome::Applied; number(self.writes, "writes")?];
        for place in self.lost.split_ascii_whitespace() {
            let slot = place.parse().ok().and_then(|place: usize| outcomes.get_mut(place));
            *slot.ok_or_else(|| broken(format!("column `lost` names the write {place}")))? =
                Outcome::LostRace;
        }
        Ok(outcomes)
    }
}

/// What became of each write of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcomes(pub(crate) Vec<Outcome>);

row!(Outcomes, |row| {
    let stored = StoredOutcomes { writes: row.try_get("writes")?, lost: row.try_get("lost")? };
    stored.outcomes().map(Self)
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_come_back_as_they_went() {
        let (won, lost) = (Outcome::Applied, Outcome::LostRace);
        for outcomes in [vec![], vec![won], vec![lost], vec![won, lost, won, lost, lost, won]] {
            assert_eq!(StoredOutcomes::of(&outcomes).outcomes().unwrap(), outcomes);
        }
        let all_won = StoredOutcomes::of(&[won; 4096]);
        assert_eq!((all_won.writes, all_won.lost.as_str()), (4096, ""));
    }

    #[test]
    fn a_place_beyond_the_last_write_is_refused() {
        for (writes, lost) in [(1, "1"), (0, "0"), (2, "x"), (-1, ""), (2, "-1")] {
            let stored = StoredOutcomes { writes, lost: lost.to_owned() };
            assert!(stored.outcomes().is_err(), "{stored:?}");
        }
    }
}
