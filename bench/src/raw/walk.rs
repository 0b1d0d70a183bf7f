//! The least that a scheduler of a graph must do: count a task's predecessors down, in any order that is allowed.

use dayend_engine::plan::Plan;

/// A choice among many that is the same in every run of the program.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }

    /// A number below `bound` (xorshift).
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let spread = (u128::from(self.0) * bound as u128) >> 64;
        usize::try_from(spread).unwrap_or_default()
    }
}

/// Visits every node of the plan after all that come before it, and says how many there were.
pub(crate) fn walk(plan: &Plan) -> usize {
    let mut unmet: Vec<u32> = (0..plan.len()).map(|node| plan.in_count(node)).collect();
    let mut ready: Vec<u32> = (0..plan.len()).filter(|node| plan.in_count(*node) == 0).collect();
    let (mut dice, mut visited) = (Dice::new(), 0);
    while !ready.is_empty() {
        let node = ready.swap_remove(dice.below(ready.len()));
        visited += 1;
        for edge in plan.out_edges(node) {
            if let Some(count) = unmet.get_mut(edge.to as usize) {
                *count -= 1;
                if *count == 0 {
                    ready.push(edge.to);
                }
            }
        }
    }
    visited
}
