//! Slows down guessing, per account: a growing delay, never a lasting lock.

use aws_lc_rs::digest;
use dayend_engine::time::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many wrong guesses cost nothing.
const FREE_GUESSES: u32 = 5;
/// No account waits longer than 15 minutes.
const DELAY_MAX_S: u64 = 900;
/// An account that nobody guessed at for an hour starts afresh.
const FORGET_AFTER_US: i64 = 3_600 * 1_000_000;
/// Accounts with wrong guesses that are remembered at a time.
const ACCOUNTS_MAX: usize = 10_000;

/// Counts wrong guesses.
pub(crate) struct Throttle {
    accounts: Mutex<HashMap<Account, Guesses>>,
    accounts_max: usize,
}

/// Stands for a tenant's user name, whether such a user exists or not.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Account([u8; 32]);

struct Guesses {
    wrong: u32,
    last: Timestamp,
    blocked_until: Timestamp,
}

impl Account {
    /// The account of a name. Names that differ in case are different users: a right guess at one must not free the other.
    pub(crate) fn new(tenant: &str, user_name: &str) -> Self {
        let text = format!("{tenant}\0{user_name}");
        let hash = digest::digest(&digest::SHA256, text.as_bytes());
        Self(hash.as_ref().try_into().expect("a SHA-256 has 32 bytes"))
    }
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self { accounts: Mutex::default(), accounts_max: ACCOUNTS_MAX }
    }

    /// Counts a guess as wrong before it is checked, so that a thousand at once count as a thousand;
    /// or says after how many seconds the next one is allowed.
    pub(crate) fn begin(&self, account: Account, now: Timestamp) -> Result<(), u64> {
        let mut accounts = self.accounts();
        if let Some(guesses) = accounts.get_mut(&account) {
            if guesses.is_over(now) {
                guesses.wrong = 0;
            } else if now < guesses.blocked_until {
                return Err(seconds_between(now, guesses.blocked_until));
            }
            guesses.count(now);
            return Ok(());
        }
        if accounts.len() >= self.accounts_max {
            make_room(&mut accounts, now);
        }
        let mut guesses = Guesses { wrong: 0, last: now, blocked_until: now };
        guesses.count(now);
        accounts.insert(account, guesses);
        Ok(())
    }

    /// The guess was right.
    pub(crate) fn was_right(&self, account: Account) {
        self.accounts().remove(&account);
    }

    /// The guess could not be checked, so it does not count.
    pub(crate) fn was_not_checked(&self, account: Account, now: Timestamp) {
        if let Some(guesses) = self.accounts().get_mut(&account) {
            guesses.wrong = guesses.wrong.saturating_sub(1);
            guesses.blocked_until = now;
        }
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<Account, Guesses>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guesses {
    fn count(&mut self, now: Timestamp) {
        self.wrong = self.wrong.saturating_add(1);
        self.last = now;
        self.blocked_until = match self.wrong.checked_sub(FREE_GUESSES) {
            None => now,
            Some(beyond) => now.plus_ms(DELAY_MAX_S.min(1 << beyond.min(32)) * 1000),
        };
    }

    /// Also true when the clock went back by more than any delay: nobody is locked out until it has caught up.
    fn is_over(&self, now: Timestamp) -> bool {
        now.0.saturating_sub(self.last.0).saturating_abs() > FORGET_AFTER_US
    }
}

/// Drops what is over, or else the account with the fewest guesses: a flood of invented names does not free a victim's.
fn make_room(accounts: &mut HashMap<Account, Guesses>, now: Timestamp) {
    let before = accounts.len();
    accounts.retain(|_, guesses| !guesses.is_over(now));
    if accounts.len() == before {
        let least = accounts
            .iter()
            .min_by_key(|(_, guesses)| (guesses.wrong, guesses.last))
            .map(|(account, _)| *account);
        least.map(|account| accounts.remove(&account));
    }
}

fn seconds_between(now: Timestamp, until: Timestamp) -> u64 {
    let micros = u64::try_from(until.0.saturating_sub(now.0)).unwrap_or(0);
    micros.div_ceil(1_000_000).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

    #[test]
    fn the_delay_doubles_after_five_guesses_and_ends_at_fifteen_minutes() {
        let (throttle, account) = (Throttle::new(), Account::new("T", "anna"));
        let (mut now, mut delays) = (NOW, Vec::new());
        while delays.len() < 13 {
            match throttle.begin(account, now) {
                Ok(()) => {}
                Err(delay) => {
                    delays.push(delay);
                    now = now.plus_ms(delay * 1000);
                }
            }
        }
        assert_eq!(delays, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
    }

    #[test]
    fn a_thousand_guesses_at_once_let_five_through() {
        let (throttle, account) = (Throttle::new(), Account::new("T", "anna"));
        let allowed = (0..1000).filter(|_| throttle.begin(account, NOW).is_ok()).count();
        assert_eq!(allowed, 5);
        throttle.begin(Account::new("T", "ANNA"), NOW).unwrap();
        throttle.was_right(Account::new("T", "ANNA"));
        assert!(
            throttle.begin(account, NOW).is_err(),
            "who is called nearly the same does not free the account"
        );
        assert!(
            throttle.begin(Account::new("T", "bert"), NOW).is_ok(),
            "another user is another account"
        );
        assert!(
            throttle.begin(Account::new("U", "anna"), NOW).is_ok(),
            "another tenant's anna is another account"
        );
    }

    #[test]
    fn a_right_guess_and_an_hour_of_peace_start_afresh() {
        let (throttle, account) = (Throttle::new(), Account::new("T", "anna"));
        for rest in [NOW, NOW.plus_ms(3_600_001 + 10_000)] {
            for _ in 0..4 {
                throttle.begin(account, rest).unwrap();
            }
        }
        throttle.was_right(account);
        for _ in 0..5 {
            throttle.begin(account, NOW).unwrap();
        }
        assert!(throttle.begin(account, NOW).is_err());
    }

    #[test]
    fn a_guess_that_was_not_checked_does_not_count() {
        let (throttle, account) = (Throttle::new(), Account::new("T", "anna"));
        for _ in 0..100 {
            throttle.begin(account, NOW).unwrap();
            throttle.was_not_checked(account, NOW);
        }
    }

    #[test]
    fn a_clock_that_went_back_a_day_locks_nobody_out() {
        let (throttle, account) = (Throttle::new(), Account::new("T", "anna"));
        for _ in 0..5 {
            throttle.begin(account, NOW).unwrap();
        }
        assert!(throttle.begin(account, Timestamp(NOW.0 - 86_400_000_000)).is_ok());
    }

    #[test]
    fn invented_names_do_not_push_out_a_victim() {
        let (throttle, victim) = (
            Throttle { accounts: Mutex::default(), accounts_max: 50 },
            Account::new("T", "victim"),
        );
        for _ in 0..5 {
            throttle.begin(victim, NOW).unwrap();
        }
        for number in 0..500 {
            throttle.begin(Account::new("T", &format!("invented{number}")), NOW).unwrap();
            assert!(throttle.accounts().len() <= 50);
        }
        assert!(throttle.begin(victim, NOW).is_err());
    }
}
