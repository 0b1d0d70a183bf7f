//! The order in which those who wait get their turn: tenants one after the other, first come first served within each.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Says which place in the queue is meant; later ones are larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

/// A queue of queues, one a tenant.
#[derive(Debug)]
pub(super) struct Turns<W> {
    /// Only tenants for whom somebody waits.
    waiting: BTreeMap<Arc<str>, BTreeMap<Ticket, W>>,
    /// The same tenants, the next one first.
    order: VecDeque<Arc<str>>,
    next: u64,
}

impl<W> Default for Turns<W> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), order: VecDeque::new(), next: 0 }
    }
}

impl<W> Turns<W> {
    /// Lets somebody wait, behind all others of the tenant.
    pub(super) fn push(&mut self, tenant: &Arc<str>, waiter: W) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        if let Some(queue) = self.waiting.get_mut(tenant) {
            queue.insert(ticket, waiter);
        } else {
            self.waiting.insert(Arc::clone(tenant), BTreeMap::from([(ticket, waiter)]));
            self.order.push_back(Arc::clone(tenant));
        }
        ticket
    }

    /// Whose turn it is. The tenant then waits until all others that wait now have had theirs.
    pub(super) fn pop(&mut self) -> Option<W> {
        let tenant = self.order.pop_front()?;
        let queue = self.waiting.get_mut(&tenant)?;
        let first = queue.pop_first();
        if queue.is_empty() {
            self.waiting.remove(&tenant);
        } else {
            self.order.push_back(tenant);
        }
        first.map(|(_, waiter)| waiter)
    }

    /// Forgets somebody who does not want to wait any more.
    pub(super) fn remove(&mut self, tenant: &Arc<str>, ticket: Ticket) {
        let Some(queue) = self.waiting.get_mut(tenant) else { return };
        queue.remove(&ticket);
        if queue.is_empty() {
            self.waiting.remove(tenant);
            self.order.retain(|other| other != tenant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TENANTS: [&str; 4] = ["a", "b", "c", "d"];

    #[derive(Clone, Debug)]
    enum Step {
        Arrive(usize),
        /// The waiter at this place among all who wait, counted around.
        GiveUp(usize),
        Grant,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            3 => (0..TENANTS.len()).prop_map(Step::Arrive),
            1 => (0..64_usize).prop_map(Step::GiveUp),
            3 => Just(Step::Grant),
        ];
        proptest::collection::vec(step, 0..200)
    }

    proptest! {
        /// The model is a plain list of who waits, in the order of arrival, and how often each tenant was passed over.
        #[test]
        fn no_tenant_is_passed_over_twice_for_the_same_other_one(steps in steps()) {
            let mut turns = Turns::default();
            let mut waiting: Vec<(usize, Ticket)> = Vec::new();
            let mut passed = [[0_u32; TENANTS.len()]; TENANTS.len()];
            for step in steps {
                match step {
                    Step::Arrive(tenant) => {
                        let ticket = turns.push(&TENANTS[tenant].into(), tenant);
                        waiting.push((tenant, ticket));
                    }
                    Step::GiveUp(at) if !waiting.is_empty() => {
                        let (tenant, ticket) = waiting.remove(at % waiting.len());
                        turns.remove(&TENANTS[tenant].into(), ticket);
                    }
                    Step::GiveUp(_) => {}
                    Step::Grant => match turns.pop() {
                        None => prop_assert!(waiting.is_empty()),
                        Some(tenant) => {
                            let first = waiting.iter().position(|(of, _)| *of == tenant);
                            waiting.remove(first.expect("only those who wait get a turn"));
                            passed[tenant] = [0; TENANTS.len()];
                            for (other, passed) in passed.iter_mut().enumerate() {
                                let waits = waiting.iter().any(|(of, _)| *of == other);
                                if waits && other != tenant {
                                    passed[tenant] += 1;
                                    prop_assert!(passed[tenant] <= 1, "{} waits and {} gets two turns", other, tenant);
                                }
                            }
                        }
                    },
                }
                for (tenant, passed) in passed.iter_mut().enumerate() {
                    if !waiting.iter().any(|(of, _)| *of == tenant) {
                        *passed = [0; TENANTS.len()];
                    }
                }
            }
        }

        /// Within a tenant nobody overtakes.
        #[test]
        fn a_tenants_own_come_in_the_order_of_their_arrival(arrivals in proptest::collection::vec(0..TENANTS.len(), 0..100)) {
            let mut turns = Turns::default();
            for (number, tenant) in arrivals.iter().enumerate() {
                turns.push(&TENANTS[*tenant].into(), (*tenant, number));
            }
            let mut last = [None; TENANTS.len()];
            let mut granted = 0;
            while let Some((tenant, number)) = turns.pop() {
                prop_assert!(last[tenant] < Some(number));
                last[tenant] = Some(number);
                granted += 1;
            }
            prop_assert_eq!(granted, arrivals.len());
        }
    }
}
