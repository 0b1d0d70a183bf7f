//! A queue with a lane for each tenant, emptied in turns: who asks much waits behind himself, not before others.

use super::QueueLimits;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Why something does not come into the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// The lane has all the places that one lane may have.
    Lane,
    /// All places are taken, and no lane has more of them than this one would have.
    Queue,
}

/// First in, first out within a lane; between lanes, each in its turn.
#[derive(Debug)]
pub(super) struct Fair<T> {
    limits: QueueLimits,
    /// Only lanes in which something waits.
    lanes: HashMap<Arc<str>, Lane<T>>,
    /// Each of them once.
    turns: VecDeque<Arc<str>>,
    places: usize,
}

#[derive(Debug)]
struct Lane<T> {
    waiting: VecDeque<(usize, T)>,
    places: usize,
}

impl<T> Fair<T> {
    pub(super) fn new(limits: QueueLimits) -> Self {
        Self { limits, lanes: HashMap::new(), turns: VecDeque::new(), places: 0 }
    }

    /// Takes in something of so many `places`.
    ///
    /// When all are taken, the newest of the longest lane gives way to a lane that is shorter, and is handed back.
    pub(super) fn push(&mut self, name: &str, places: usize, item: T) -> Result<Vec<T>, Full> {
        // One that is larger than all places could never come in: it takes them all instead.
        let places = places.clamp(1, self.limits.per_tenant.min(self.limits.total).max(1));
        let own = self.lanes.get(name).map_or(0, |lane| lane.places) + places;
        if own > self.limits.per_tenant {
            return Err(Full::Lane);
        }
        let mut displaced = Vec::new();
        while self.places + places > self.limits.total {
            match self.longest().filter(|(_, longest)| *longest > own) {
                Some((longest, _)) => displaced.extend(self.take_newest(&longest)),
                None if displaced.is_empty() => return Err(Full::Queue),
                // What was displaced already makes room enough for the next one who asks.
                None => break,
            }
        }
        self.append(name, places, item);
        Ok(displaced)
    }

    /// The next in turn.
    pub(super) fn pop(&mut self) -> Option<T> {
        let name = self.turns.pop_front()?;
        let lane = self.lanes.get_mut(&name).expect("every turn has its lane");
        let (places, item) = lane.waiting.pop_front().expect("a lane is never empty");
        lane.places -= places;
        self.places -= places;
        if lane.waiting.is_empty() {
            self.lanes.remove(&name);
        } else {
            self.turns.push_back(name);
        }
        Some(item)
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    fn append(&mut self, name: &str, places: usize, item: T) {
        if let Some(lane) = self.lanes.get_mut(name) {
            lane.waiting.push_back((places, item));
            lane.places += places;
        } else {
            let name: Arc<str> = name.into();
            let lane = Lane { waiting: VecDeque::from([(places, item)]), places };
            self.lanes.insert(Arc::clone(&name), lane);
            self.turns.push_back(name);
        }
        self.places += places;
    }

    fn longest(&self) -> Option<(Arc<str>, usize)> {
        let lengths = self.lanes.iter().map(|(name, lane)| (name, lane.places));
        lengths.max_by_key(|(_, places)| *places).map(|(name, places)| (Arc::clone(name), places))
    }

    fn take_newest(&mut self, name: &str) -> Option<T> {
        let lane = self.lanes.get_mut(name)?;
        let (places, item) = lane.waiting.pop_back()?;
        lane.places -= places;
        self.places -= places;
        if lane.waiting.is_empty() {
            self.lanes.remove(name);
            self.turns.retain(|turn| **turn != *name);
        }
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    const LIMITS: QueueLimits = QueueLimits { total: 12, per_tenant: 8 };
    const LANES: [&str; 4] = ["a", "b", "c", "d"];

    /// As stupid as possible: one list in order of arrival, and when each lane was served or began to wait.
    #[derive(Default)]
    struct Model {
        waiting: Vec<(&'static str, usize, u32)>,
        since: Vec<(&'static str, u64)>,
        now: u64,
    }

    impl Model {
        fn places(&self, lane: Option<&str>) -> usize {
            let of = self.waiting.iter().filter(|one| lane.is_none_or(|lane| one.0 == lane));
            of.map(|one| one.1).sum()
        }

        fn begins(&mut self, lane: &'static str) {
            self.now += 1;
            self.since.retain(|one| one.0 != lane);
            self.since.push((lane, self.now));
        }

        fn pop(&mut self) -> Option<u32> {
            let waits = |lane: &str| self.waiting.iter().any(|one| one.0 == lane);
            let longest_ago = self.since.iter().filter(|one| waits(one.0)).min_by_key(|one| one.1);
            let lane = longest_ago?.0;
            let first = self.waiting.iter().position(|one| one.0 == lane)?;
            let (_, _, item) = self.waiting.remove(first);
            self.begins(lane);
            Some(item)
        }
    }

    proptest! {
        #[test]
        fn the_queue_agrees_with_the_model(steps in vec((0..6_usize, 1..4_usize), 0..200)) {
            let (mut queue, mut model) = (Fair::new(LIMITS), Model::default());
            for (item, (step, places)) in (0_u32..).zip(steps) {
                let Some(lane) = LANES.get(step).copied() else {
                    prop_assert_eq!(queue.pop(), model.pop());
                    continue;
                };
                let own = model.places(Some(lane)) + places;
                let others = |model: &Model| {
                    LANES.into_iter().map(|lane| model.places(Some(lane))).max().unwrap_or(0)
                };
                match queue.push(lane, places, item) {
                    Err(Full::Lane) => prop_assert!(own > LIMITS.per_tenant),
                    Err(Full::Queue) => {
                        prop_assert!(own <= LIMITS.per_tenant);
                        prop_assert!(model.places(None) + places > LIMITS.total);
                        prop_assert!(others(&model) <= own, "a longer lane should have given way");
                    }
                    Ok(displaced) => {
                        prop_assert!(own <= LIMITS.per_tenant);
                        for gone in displaced {
                            let at = model.waiting.iter().position(|one| one.2 == gone).unwrap();
                            let (from, size, _) = model.waiting.remove(at);
                            let newest = model.waiting.iter().skip(at).all(|one| one.0 != from);
                            prop_assert!(newest, "{gone} was not the newest of {from}");
                            let before = model.places(Some(from)) + size;
                            prop_assert!(before >= others(&model) && before > own);
                        }
                        if model.places(Some(lane)) == 0 {
                            model.begins(lane);
                        }
                        model.waiting.push((lane, places, item));
                    }
                }
                // Who was displaced for a large one makes room: never more than one request beyond the limit.
                prop_assert!(model.places(None) < LIMITS.total + 3);
            }
            while let Some(item) = model.pop() {
                prop_assert_eq!(queue.pop(), Some(item));
            }
            prop_assert!(queue.is_empty() && queue.pop().is_none());
        }
    }

    #[test]
    fn a_flood_of_one_lane_delays_another_by_one_turn() {
        let mut queue = Fair::new(QueueLimits::default());
        for number in 0..8192 {
            queue.push("flood", 1, number).unwrap();
        }
        assert_eq!(queue.push("flood", 1, 9000), Err(Full::Lane));
        queue.push("small", 1, 10_000).unwrap();
        assert_eq!([queue.pop(), queue.pop(), queue.pop()], [Some(0), Some(10_000), Some(1)]);
    }

    #[test]
    fn who_waits_little_is_let_in_even_when_others_have_taken_all_places() {
        let mut queue = Fair::new(QueueLimits { total: 4, per_tenant: 3 });
        for (lane, item) in [("a", 1), ("a", 2), ("a", 3), ("b", 4)] {
            assert_eq!(queue.push(lane, 1, item), Ok(vec![]));
        }
        assert_eq!(queue.push("c", 1, 5), Ok(vec![3]), "the newest of the longest gives way");
        assert_eq!(queue.push("b", 1, 6), Err(Full::Queue), "nobody has more than two");
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(order, [1, 4, 5, 2]);
    }

    #[test]
    fn one_that_is_larger_than_the_queue_takes_all_of_it() {
        let mut queue = Fair::new(QueueLimits { total: 4, per_tenant: 3 });
        assert_eq!(queue.push("a", 100, 1), Ok(vec![]));
        assert_eq!(queue.push("a", 1, 2), Err(Full::Lane));
        assert_eq!(queue.pop(), Some(1));
        assert_eq!(queue.push("a", 1, 2), Ok(vec![]));
    }
}
