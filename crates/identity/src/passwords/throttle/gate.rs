//! Which guesses are let through.

use super::attempt::{Account, Attempt};
use super::guesses::{Guesses, Rule};
use dayend_engine::time::Timestamp;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One address guesses at one account: from the sixth guess on it waits, at most 15 minutes.
const PAIR: Rule = Rule { free: 5, delay_max_s: 900, remembered_max: 20_000 };
/// Many addresses guess at one account. The delay is short: it also meets its owner, who comes from a new address.
const ACCOUNT: Rule = Rule { free: 50, delay_max_s: 30, remembered_max: 10_000 };
/// One address guesses at many accounts; a whole branch of a bank may be behind it.
const ADDRESS: Rule = Rule { free: 100, delay_max_s: 30, remembered_max: 10_000 };
/// Addresses from which accounts were logged in to.
const KNOWN_MAX: usize = 20_000;
const KNOWN_FOR_US: i64 = 30 * 86_400 * 1_000_000;

/// Counts wrong guesses per account and address, per account, and per address; bounded, and the same for all ways to log in.
pub(crate) struct Throttle {
    state: Mutex<State>,
}

struct State {
    pairs: Guesses<Attempt>,
    accounts: Guesses<Account>,
    addresses: Guesses<IpAddr>,
    /// When an account was last logged in to from an address: others' guesses do not hold up who comes from there.
    known: HashMap<Attempt, Timestamp>,
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self::with_rules(PAIR, ACCOUNT, ADDRESS)
    }

    pub(super) fn with_rules(pair: Rule, account: Rule, address: Rule) -> Self {
        let state = State {
            pairs: Guesses::new(pair),
            accounts: Guesses::new(account),
            addresses: Guesses::new(address),
            known: HashMap::new(),
        };
        Self { state: Mutex::new(state) }
    }

    /// Counts a guess as wrong before it is checked, so that a thousand at once count as a thousand;
    /// or says after how many seconds the next one is allowed.
    pub(crate) fn begin(&self, attempt: Attempt, now: Timestamp) -> Result<(), u64> {
        let mut state = self.state();
        let known = state.is_known(&attempt, now);
        let waits = [
            state.pairs.wait_s(&attempt, now),
            state.accounts.wait_s(&attempt.account, now).filter(|_| !known),
            attempt.from.and_then(|from| state.addresses.wait_s(&from, now)).filter(|_| !known),
        ];
        if let Some(wait_s) = waits.into_iter().flatten().max() {
            return Err(wait_s);
        }
        state.pairs.count(attempt, now);
        if !known {
            state.accounts.count(attempt.account, now);
            if let Some(from) = attempt.from {
                state.addresses.count(from, now);
            }
        }
        Ok(())
    }

    /// The guess was right. What others guessed wrong stays counted.
    pub(crate) fn was_right(&self, attempt: Attempt, now: Timestamp) {
        let mut state = self.state();
        state.take_back(&attempt, now);
        state.pairs.forget(&attempt);
        if attempt.from.is_some() {
            state.remember(attempt, now);
        }
    }

    /// The guess could not be checked, so it does not count.
    pub(crate) fn was_not_checked(&self, attempt: Attempt, now: Timestamp) {
        let mut state = self.state();
        state.pairs.uncount(&attempt, now);
        state.take_back(&attempt, now);
    }

    /// An administrator frees the account: whoever waits for it may try again at once.
    pub(crate) fn free(&self, account: Account) {
        let mut state = self.state();
        state.pairs.forget_all(|attempt| attempt.account == account);
        state.accounts.forget(&account);
    }

    #[cfg(test)]
    pub(super) fn sizes(&self) -> [usize; 4] {
        let state = self.state();
        [state.pairs.len(), state.accounts.len(), state.addresses.len(), state.known.len()]
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_known(&self, attempt: &Attempt, now: Timestamp) -> bool {
        let since = self.known.get(attempt);
        since.is_some_and(|since| now.0.saturating_sub(since.0).saturating_abs() < KNOWN_FOR_US)
    }

    /// Takes back what [`Throttle::begin`] counted beside the pair.
    fn take_back(&mut self, attempt: &Attempt, now: Timestamp) {
        if self.is_known(attempt, now) {
            return;
        }
        self.accounts.uncount(&attempt.account, now);
        if let Some(from) = &attempt.from {
            self.addresses.uncount(from, now);
        }
    }

    fn remember(&mut self, attempt: Attempt, now: Timestamp) {
        if self.known.len() >= KNOWN_MAX && !self.known.contains_key(&attempt) {
            let oldest =
                self.known.iter().min_by_key(|(_, since)| **since).map(|(known, _)| *known);
            oldest.map(|oldest| self.known.remove(&oldest));
        }
        self.known.insert(attempt, now);
    }
}
