//! Texts, each kept once and known by a number: a million codes take their letters and twelve bytes each.

use std::hash::{DefaultHasher, Hasher as _};

/// Names, numbered from 0 in the order in which they came first. The order never depends on the seed.
#[derive(Clone)]
pub(super) struct Names {
    /// All names, one behind the other.
    text: String,
    /// Where each name ends.
    ends: Vec<u32>,
    /// Open addressing: half of a hash and the number of a name.
    slots: Vec<Slot>,
    seed: u64,
}

#[derive(Clone, Copy)]
struct Slot {
    hash: u32,
    name: u32,
}

/// No name has this number.
const FREE: Slot = Slot { hash: 0, name: u32::MAX };
/// The fewest slots.
const SLOTS_MIN: usize = 16;

impl Names {
    /// No names yet. Whoever reads names of strangers gives a random seed, so that nobody can choose names that collide.
    pub(super) fn new(seed: u64) -> Self {
        Self { text: String::new(), ends: Vec::new(), slots: Vec::new(), seed }
    }

    /// How many names there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The name with this number; empty if there is none.
    pub(super) fn get(&self, name: u32) -> &str {
        let at = name as usize;
        let start = match at.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or_default(),
            None => 0,
        };
        let end = self.ends.get(at).copied().unwrap_or_default();
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }

    /// The number of a name, which is new or not.
    pub(super) fn number(&mut self, name: &str) -> u32 {
        if self.slots.len() < 2 * (self.len() + 1) {
            self.grow();
        }
        let hash = self.hash(name);
        let at = self.probe(hash, |known| self.get(known) == name);
        let slot = self.slots.get(at).copied().unwrap_or(FREE);
        if slot.name != FREE.name {
            return slot.name;
        }
        let number = u32::try_from(self.len()).expect("memory ends before the numbers do");
        self.text.push_str(name);
        let end = u32::try_from(self.text.len());
        self.ends.push(end.expect("codes are short: a million of them have no 4 GiB of letters"));
        self.put(at, Slot { hash, name: number });
        number
    }

    /// Gives back the room for further names, which are slow from now on.
    pub(super) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.slots = Vec::new();
    }

    /// The memory that they take.
    pub(super) fn size_bytes(&self) -> usize {
        let slots = self.slots.capacity() * size_of::<Slot>();
        self.text.capacity() + self.ends.capacity() * size_of::<u32>() + slots
    }

    fn grow(&mut self) {
        let count = (4 * (self.len() + 1)).next_power_of_two().max(SLOTS_MIN);
        let old = std::mem::replace(&mut self.slots, vec![FREE; count]);
        if old.is_empty() {
            let numbers = 0..u32::try_from(self.len()).unwrap_or(u32::MAX);
            for name in numbers {
                let hash = self.hash(self.get(name));
                self.put(self.probe(hash, |_| false), Slot { hash, name });
            }
        } else {
            for slot in old.into_iter().filter(|slot| slot.name != FREE.name) {
                self.put(self.probe(slot.hash, |_| false), slot);
            }
        }
    }

    fn put(&mut self, at: usize, slot: Slot) {
        if let Some(place) = self.slots.get_mut(at) {
            *place = slot;
        }
    }

    /// The place of the name that `is_it`, or the free one where it belongs.
    fn probe(&self, hash: u32, is_it: impl Fn(u32) -> bool) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            match self.slots.get(at) {
                Some(slot) if slot.name == FREE.name => return at,
                Some(slot) if slot.hash == hash && is_it(slot.name) => return at,
                Some(_) | None => at = (at + 1) & mask,
            }
        }
    }

    fn hash(&self, name: &str) -> u32 {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.seed);
        hasher.write(name.as_bytes());
        let hash = hasher.finish();
        u32::try_from(hash >> 32).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_name_has_one_number_whatever_the_seed_and_the_room() {
        for seed in [0, 1, u64::MAX] {
            let mut names = Names::new(seed);
            let mut model: BTreeMap<String, u32> = BTreeMap::new();
            for step in 0..5000_u32 {
                let name = format!("T{}", step.wrapping_mul(2_654_435_761) % 1999);
                let next = u32::try_from(model.len()).unwrap();
                let want = *model.entry(name.clone()).or_insert(next);
                assert_eq!(names.number(&name), want);
                if step % 1000 == 7 {
                    names.shrink();
                }
            }
            assert_eq!(names.len(), model.len());
            assert!(model.iter().all(|(name, number)| names.get(*number) == name));
            assert_eq!(names.get(u32::MAX), "");
        }
    }

    #[test]
    fn an_empty_name_is_a_name() {
        let mut names = Names::new(0);
        assert_eq!((names.number("A"), names.number(""), names.number("")), (0, 1, 1));
        assert_eq!((names.get(0), names.get(1)), ("A", ""));
    }
}
