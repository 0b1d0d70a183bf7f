//! The checks of the simulation can fail: a server with a defect is found out within a few worlds.

use dayend_testkit::simulation::{Mutation, simulate_with};

/// Worlds that a defect may go unnoticed in.
const SEEDS: u64 = 150;

#[test]
fn every_defect_that_is_put_into_the_server_is_found() {
    let first =
        |mutation| (0..SEEDS).find(|seed| simulate_with(*seed, false, Some(mutation)).is_err());
    let missed: Vec<Mutation> =
        Mutation::ALL.into_iter().filter(|mutation| first(*mutation).is_none()).collect();
    assert_eq!(missed, [], "nobody noticed");
}

#[test]
fn a_panic_of_the_core_names_the_seed_and_how_to_replay_it() {
    let failed = (0..SEEDS).find_map(|seed| {
        simulate_with(seed, true, Some(Mutation::Panic)).err().map(|failure| (seed, failure))
    });
    let (seed, failure) = failed.expect("some seed has a verb");
    let told = failure.to_string();
    assert!(told.contains("it panicked: as it was told to"), "{told}");
    assert!(told.ends_with(&format!("--bin simulate -- --seed {seed}")), "{told}");
}
