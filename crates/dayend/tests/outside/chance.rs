//! Chance that can be repeated: its seed is told, and `DAYEND_TEST_SEED` sets it.

use std::time::Duration;

/// A small generator (`SplitMix64`). Not for secrets.
#[derive(Debug)]
pub(crate) struct Chance {
    state: u64,
}

impl Chance {
    /// A new seed, or the one in `DAYEND_TEST_SEED`.
    pub(crate) fn new() -> Self {
        let told = std::env::var("DAYEND_TEST_SEED").ok();
        let seed = match told {
            Some(text) => text.parse().expect("DAYEND_TEST_SEED is a number"),
            None => uuid::Uuid::new_v4().as_u64_pair().1,
        };
        eprintln!("to repeat this: DAYEND_TEST_SEED={seed}");
        Self { state: seed }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `bound`, without `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "there is no number below 0");
        self.next() % bound
    }

    /// The same for an index.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap())).unwrap()
    }

    /// One of them.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.index(items.len())]
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// A code that no other test has, with underscores in it, because run ids are to be read from the right.
    pub(crate) fn code(&mut self, name: &str) -> String {
        format!("{name}_{:06x}_demo", self.below(1 << 24))
    }

    /// A pause up to `limit`: the moment at which something is broken, never a wait for something.
    pub(crate) fn moment(&mut self, limit: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(limit.as_micros()).unwrap() + 1))
    }
}
