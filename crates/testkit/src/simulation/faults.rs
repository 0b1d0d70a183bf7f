//! What goes wrong in a seed, and how often: each fault is switched on or off, with a rate of its own.

use super::random::Random;

/// Rates in per cent, and the longest delays in microseconds.
#[derive(Clone, Debug)]
pub(super) struct Faults {
    /// The process dies instead of the next client's request.
    pub crash: u32,
    /// The server is stopped in order, and started again.
    pub stop: u32,
    /// The process dies with some of a group's answers given and some of its attempts started.
    pub crash_halfway: u32,
    /// Nothing of a group is written.
    pub not_done: u32,
    /// A group is written, and the answer is lost.
    pub unknown_done: u32,
    /// A group is not written, and the answer is lost.
    pub unknown_not_done: u32,
    /// A read from the store fails.
    pub read: u32,
    /// The machine's clock is set, forwards or backwards, by up to an hour or by years.
    pub clock: u32,
    /// A report comes twice.
    pub twice: u32,
    /// A report comes very late.
    pub late: u32,
    /// Nobody says that an attempt began.
    pub unstarted: u32,
    /// An attempt fails.
    pub fail: u32,
    /// An attempt is given up as lost; its real outcome may come later.
    pub vanish: u32,
    /// An attempt lasts for ever.
    pub hang: u32,
    /// A client uses an idempotency key, and sends again what was not answered.
    pub key: u32,
    /// A client sends a keyed request twice at the same time.
    pub impatient: u32,
    /// A client asks for a verb on a run instead of for a new run.
    pub verb: u32,
    pub commit_us: i64,
    pub load_us: i64,
    pub report_us: i64,
    pub work_us: i64,
    pub client_us: i64,
    pub requests: usize,
}

impl Faults {
    pub(super) fn swarm(random: &mut Random) -> Self {
        Self {
            crash: rate(random, 8),
            stop: rate(random, 5),
            crash_halfway: rate(random, 3),
            not_done: rate(random, 25),
            unknown_done: rate(random, 20),
            unknown_not_done: rate(random, 20),
            read: rate(random, 30),
            clock: rate(random, 10),
            twice: rate(random, 40),
            late: rate(random, 20),
            unstarted: rate(random, 60),
            fail: rate(random, 50),
            vanish: rate(random, 20),
            hang: rate(random, 20),
            key: rate(random, 80),
            impatient: rate(random, 60),
            verb: 30 + rate(random, 40),
            commit_us: span(random, &[1_000, 20_000, 500_000]),
            load_us: span(random, &[0, 10_000, 500_000]),
            report_us: span(random, &[0, 5_000, 300_000]),
            work_us: span(random, &[1_000, 300_000, 5_000_000]),
            client_us: span(random, &[5_000, 100_000, 2_000_000]),
            requests: 10 + random.below(40),
        }
    }

    /// Nothing goes wrong any more.
    pub(super) fn heal(&mut self) {
        for rate in [
            &mut self.crash,
            &mut self.stop,
            &mut self.crash_halfway,
            &mut self.not_done,
            &mut self.unknown_done,
            &mut self.unknown_not_done,
            &mut self.read,
            &mut self.clock,
            &mut self.twice,
            &mut self.late,
            &mut self.unstarted,
            &mut self.fail,
            &mut self.vanish,
            &mut self.hang,
        ] {
            *rate = 0;
        }
    }
}

/// Off in half of the seeds.
fn rate(random: &mut Random, most: u32) -> u32 {
    if random.chance(50) {
        return 0;
    }
    1 + u32::try_from(random.below(most as usize)).unwrap_or_default()
}

fn span(random: &mut Random, from: &[i64]) -> i64 {
    random.pick(from).copied().unwrap_or_default()
}
