//! A thousand worlds with faults of every kind: nothing that must hold breaks, and all of them heal. Split, so that the
//! shares run side by side.

use dayend_testkit::simulation::{Summary, simulate};

/// How many seeds each share lives through.
const SHARE: u64 = 375;

#[test]
fn the_first_share_of_worlds_holds() {
    live_through(0);
}

#[test]
fn the_second_share_of_worlds_holds() {
    live_through(1);
}

#[test]
fn the_third_share_of_worlds_holds() {
    live_through(2);
}

#[test]
fn the_fourth_share_of_worlds_holds() {
    live_through(3);
}

#[test]
fn a_seed_gives_the_same_world_each_time() {
    for seed in [3, 33, 333] {
        let lives = [simulate(seed, true), simulate(seed, false)];
        let told = lives.map(|life| life.map(|sums| format!("{sums:?}")).unwrap_or_default());
        assert_eq!(told[0], told[1], "seed {seed}");
        assert!(!told[0].is_empty(), "seed {seed} fails");
    }
}

/// All seeds of a share hold, and together they went through everything that the simulation is for.
fn live_through(share: u64) {
    let mut sums = Summary::default();
    for seed in share * SHARE..(share + 1) * SHARE {
        let life = simulate(seed, false);
        // Once more, to tell how it came to that.
        let told = life.as_ref().err().and_then(|_| simulate(seed, true).err());
        let told = told.map(|failure| failure.to_string()).unwrap_or_default();
        sums.add(&life.expect(&told));
    }
    let seen = [sums.runs, sums.attempts, sums.crashes, sums.failed_commits, sums.stale_reports];
    assert!(seen.iter().all(|count| *count > 0), "nothing to see: {sums:?}");
}
