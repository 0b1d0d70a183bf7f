//! Log lines that a flood of requests could multiply: a few each second, the rest is counted.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lines in one [`WINDOW`].
const LINES_MAX: u32 = 20;
const WINDOW: Duration = Duration::from_secs(1);

/// Lets a few lines through.
pub(crate) struct Sparing(Mutex<Option<Window>>);

struct Window {
    began: Instant,
    lines: u32,
    left_out: u64,
}

impl Sparing {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Whether a line may be written now, and how many were left out before it.
    pub(crate) fn line(&self, now: Instant) -> Option<u64> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let current = window.get_or_insert(Window { began: now, lines: 0, left_out: 0 });
        if now.saturating_duration_since(current.began) >= WINDOW {
            let left_out = current.left_out;
            *current = Window { began: now, lines: 1, left_out: 0 };
            return Some(left_out);
        }
        if current.lines < LINES_MAX {
            current.lines += 1;
            return Some(0);
        }
        current.left_out += 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_some_lines_a_second_and_a_number() {
        let (sparing, began) = (Sparing::new(), Instant::now());
        let written = (0..1000).filter(|_| sparing.line(began).is_some()).count();
        assert_eq!(written, 20);
        assert_eq!(sparing.line(began + WINDOW), Some(980));
        assert_eq!(sparing.line(began + WINDOW), Some(0));
        assert_eq!(sparing.line(began + WINDOW * 2), Some(0));
    }
}
