//! The throttle, guess by guess.

use super::attempt::{Account, Attempt};
use super::gate::Throttle;
use super::guesses::Rule;
use dayend_engine::time::Timestamp;

const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

fn anna(from: &str) -> Attempt {
    Attempt::new("T", "anna", Some(from.parse().unwrap()))
}

fn numbered(number: usize, from: &str) -> Attempt {
    Attempt::new("T", &format!("invented{number}"), Some(from.parse().unwrap()))
}

#[test]
fn the_delay_doubles_after_five_guesses_and_ends_at_fifteen_minutes() {
    let (throttle, anna) = (Throttle::new(), anna("192.0.2.1"));
    let (mut now, mut delays) = (NOW, Vec::new());
    while delays.len() < 13 {
        match throttle.begin(anna, now) {
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
    let throttle = Throttle::new();
    let allowed = (0..1000).filter(|_| throttle.begin(anna("192.0.2.1"), NOW).is_ok()).count();
    assert_eq!(allowed, 5);
    let nearly = Attempt::new("T", "ANNA", Some("192.0.2.1".parse().unwrap()));
    throttle.begin(nearly, NOW).unwrap();
    throttle.was_right(nearly, NOW);
    let refused = throttle.begin(anna("192.0.2.1"), NOW).is_err();
    assert!(refused, "who is called nearly the same does not free the account");
    for (tenant, name, other) in [("T", "bert", "user"), ("U", "anna", "tenant's anna")] {
        let attempt = Attempt::new(tenant, name, Some("192.0.2.1".parse().unwrap()));
        assert!(throttle.begin(attempt, NOW).is_ok(), "another {other} is another account");
    }
}

#[test]
fn a_thousand_addresses_that_guess_at_one_account_are_slowed_down_together() {
    let throttle = Throttle::new();
    let from = |number: usize| anna(&format!("198.51.{}.{}", number / 250, number % 250));
    let allowed = (0..1000).filter(|number| throttle.begin(from(*number), NOW).is_ok()).count();
    assert_eq!(allowed, 50);
}

#[test]
fn a_flood_from_elsewhere_does_not_hold_up_who_logged_in_from_here_before() {
    let (throttle, home) = (Throttle::new(), anna("203.0.113.7"));
    throttle.begin(home, NOW).unwrap();
    throttle.was_right(home, NOW);
    for number in 0..1000 {
        let _refused = throttle.begin(anna(&format!("198.51.100.{}", number % 250)), NOW);
        let _refused = throttle.begin(numbered(number, "203.0.113.7"), NOW);
    }
    assert!(throttle.begin(anna("198.51.100.251"), NOW).is_err(), "a new address has to wait");
    assert!(throttle.begin(numbered(1, "203.0.113.7"), NOW).is_err(), "the neighbour, too");
    for _ in 0..100 {
        throttle.begin(home, NOW).unwrap();
        throttle.was_right(home, NOW);
    }
}

#[test]
fn a_known_address_has_no_more_guesses_than_any_other() {
    let (throttle, home) = (Throttle::new(), anna("203.0.113.7"));
    throttle.begin(home, NOW).unwrap();
    throttle.was_right(home, NOW);
    assert_eq!((0..1000).filter(|_| throttle.begin(home, NOW).is_ok()).count(), 5);
}

#[test]
fn one_address_that_guesses_at_a_thousand_accounts_is_slowed_down() {
    let throttle = Throttle::new();
    let guess = |number| throttle.begin(numbered(number, "2001:db8::1"), NOW).is_ok();
    assert_eq!((0..1000).filter(|number| guess(*number)).count(), 100);
}

#[test]
fn the_addresses_of_one_ipv6_network_are_one_and_ipv4_is_ipv4_however_it_is_written() {
    let throttle = Throttle::new();
    let from = |number: u32| anna(&format!("2001:db8::{number:x}:1"));
    assert_eq!((0..100).filter(|number| throttle.begin(from(*number), NOW).is_ok()).count(), 5);
    throttle.begin(anna("2001:db8:0:1::1"), NOW).unwrap();
    for _ in 0..5 {
        throttle.begin(anna("192.0.2.1"), NOW).unwrap();
    }
    assert!(throttle.begin(anna("::ffff:192.0.2.1"), NOW).is_err());
}

#[test]
fn a_right_guess_and_an_hour_of_peace_start_afresh() {
    let (throttle, anna) = (Throttle::new(), anna("192.0.2.1"));
    for rest in [NOW, NOW.plus_ms(3_600_001 + 10_000)] {
        for _ in 0..4 {
            throttle.begin(anna, rest).unwrap();
        }
    }
    throttle.was_right(anna, NOW);
    for _ in 0..5 {
        throttle.begin(anna, NOW).unwrap();
    }
    assert!(throttle.begin(anna, NOW).is_err());
}

#[test]
fn a_guess_that_was_not_checked_does_not_count() {
    let throttle = Throttle::new();
    for _ in 0..1000 {
        throttle.begin(anna("192.0.2.1"), NOW).unwrap();
        throttle.was_not_checked(anna("192.0.2.1"), NOW);
    }
}

#[test]
fn an_administrator_frees_the_account_and_no_other() {
    let throttle = Throttle::new();
    for number in 0..60 {
        for name in ["anna", "bert"] {
            let from = format!("198.51.100.{number}").parse().ok();
            let _refused = throttle.begin(Attempt::new("T", name, from), NOW);
        }
    }
    throttle.free(Account::new("T", "anna"));
    assert!(throttle.begin(anna("198.51.100.1"), NOW).is_ok());
    let bert = Attempt::new("T", "bert", "198.51.100.1".parse().ok());
    assert!(throttle.begin(bert, NOW).is_err());
}

#[test]
fn a_clock_that_went_back_a_day_locks_nobody_out() {
    let throttle = Throttle::new();
    for _ in 0..5 {
        throttle.begin(anna("192.0.2.1"), NOW).unwrap();
    }
    assert!(throttle.begin(anna("192.0.2.1"), Timestamp(NOW.0 - 86_400_000_000)).is_ok());
}

#[test]
fn invented_names_and_addresses_fill_no_memory_and_do_not_push_out_a_victim() {
    let rule = |free| Rule { free, delay_max_s: 900, remembered_max: 50 };
    let (throttle, victim) =
        (Throttle::with_rules(rule(5), rule(1_000), rule(1_000)), anna("192.0.2.1"));
    for _ in 0..5 {
        throttle.begin(victim, NOW).unwrap();
    }
    for number in 0..500 {
        let from = format!("198.51.{}.{}", number / 250, number % 250);
        throttle.begin(numbered(number, &from), NOW).unwrap();
        assert!(throttle.sizes().iter().all(|size| *size <= 50), "{:?}", throttle.sizes());
    }
    assert!(throttle.begin(victim, NOW).is_err());
}
