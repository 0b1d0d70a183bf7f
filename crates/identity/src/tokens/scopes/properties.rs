//! Narrowing, whatever is asked: never more than either side has, and the same in any order.

use super::asked::{MY_SCOPES, OWN, Scopes};
use super::plan::own;
use super::roles::{SECURITY_CLIENT, SELF_SERVICE, scopes_of};
use crate::known::{KnownApp, KnownUser};
use crate::model::{AppSettings, UserProfile};
use dayend_engine::time::Timestamp;
use dayend_store::port::{AppRow, UserRow};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeSet;

const DEFAULT_S: u64 = 3600;
#[rustfmt::skip]
const NAMES: [&str; 16] = [
    MY_SCOPES, "urn:opc:idm:t.user.me", "urn:opc:idm:t.users", "urn:opc:idm:role.User%20Administrator", "openid", "groups",
    "offline_access", "https://api.example/read", "https://api.example/write", "urn:opc:resource:multiresourcescope",
    "urn:opc:resource:consumer::all", "urn:opc:resource:consumer::read", "urn:opc:resource:consumer:paas::read",
    "urn:opc:resource:consumer:paas:analytics::read", "urn:opc:resource:consumer:paas:analytics::write", "urn:opc:resource:consumer:paas::all",
];
const ROLES: [&str; 5] = [
    "Me",
    "User Administrator",
    "Application Administrator",
    "Identity Domain Administrator",
    "Audit Administrator",
];

/// Scopes in some order, and perhaps a lifetime.
fn words() -> impl Strategy<Value = Vec<String>> {
    let names = vec(select(&NAMES[..]).prop_map(str::to_owned), 0..6);
    let lifetime = proptest::option::of(0_u64..10_000);
    (names, lifetime).prop_map(|(mut words, lifetime)| {
        words.extend(lifetime.map(|seconds| format!("urn:opc:resource:expiry={seconds}")));
        words
    })
}

fn parsed(words: &[String]) -> Scopes {
    Scopes::parse(Some(&words.join(" "))).unwrap()
}

fn narrowed(from: &Scopes, words: &[String]) -> Option<Scopes> {
    from.narrowed(Some(&words.join(" ")), DEFAULT_S).ok()
}

/// Names and lifetime, without an order.
fn set(scopes: &Scopes) -> (BTreeSet<&str>, Option<u64>) {
    (scopes.names().iter().map(String::as_str).collect(), scopes.asked_lifetime_s())
}

/// Whether who has `held` has `wanted`, piece by piece.
fn has(held: &str, wanted: &str) -> bool {
    let pieces = |scope: &str| -> Option<(Vec<String>, String)> {
        let rest = scope.strip_prefix("urn:opc:resource:consumer:")?;
        let (path, right) = rest.rsplit_once(':')?;
        let path = path.trim_end_matches(':').split(':').filter(|piece| !piece.is_empty());
        Some((path.map(str::to_owned).collect(), right.to_owned()))
    };
    let below = pieces(held).zip(pieces(wanted)).is_some_and(|(held, wanted)| {
        wanted.0.starts_with(&held.0) && (held.1 == "all" || held.1 == wanted.1)
    });
    held == wanted || below || (held == MY_SCOPES && wanted.starts_with(OWN))
}

fn any_has(held: &[String], wanted: &str) -> bool {
    held.iter().any(|held| has(held, wanted))
}

fn app(roles: &[&str], on_behalf: bool) -> KnownApp {
    let row = AppRow {
        client_id: "app".to_owned(),
        tenant: "T".to_owned(),
        name: "App".to_owned(),
        secret: None,
        grants: String::new(),
        strict: false,
        active: true,
        created_at: Timestamp(0),
    };
    let operations = if on_behalf { vec!["onBehalfOfUser".to_owned()] } else { Vec::new() };
    let settings = AppSettings { allowed_operations: operations, ..AppSettings::default() };
    KnownApp { row, settings, roles: owned(roles) }
}

fn user(roles: &[&str]) -> KnownUser {
    let row = UserRow {
        id: "u".to_owned(),
        tenant: "T".to_owned(),
        name: "anna".to_owned(),
        display_name: "Anna".to_owned(),
        password: String::new(),
        active: true,
        created_at: Timestamp(0),
    };
    KnownUser { row, profile: UserProfile::default(), roles: owned(roles) }
}

fn owned(roles: &[&str]) -> Vec<String> {
    roles.iter().map(|role| (*role).to_owned()).collect()
}

/// What roles bring, each role for itself.
fn brought(roles: &[&str]) -> BTreeSet<&'static str> {
    let of_roles = roles.iter().flat_map(|role| scopes_of(role));
    of_roles.chain([SECURITY_CLIENT]).chain(SELF_SERVICE).collect()
}

fn sorted(scopes: Vec<String>) -> BTreeSet<String> {
    scopes.into_iter().collect()
}

proptest! {
    #[test]
    fn what_is_narrowed_has_no_more_than_either_side(first in words(), second in words()) {
        let original = parsed(&first);
        let Some(result) = narrowed(&original, &second) else {
            let refused = second.iter().filter(|word| !word.starts_with("urn:opc:resource:expiry"));
            prop_assert!(refused.into_iter().any(|word| !any_has(original.names(), word)), "refused for nothing");
            return Ok(());
        };
        for name in result.names() {
            prop_assert!(any_has(original.names(), name), "{} was not there", name);
        }
        let asked = Scopes::stored(&second.join(" ")).unwrap();
        let names_something = asked.names().iter().any(|name| !["offline_access", "urn:opc:resource:multiresourcescope"].contains(&name.as_str()));
        if names_something {
            prop_assert_eq!(set(&result).0, set(&asked).0, "what was not asked for is not there");
        }
        let longest = original.asked_lifetime_s().unwrap_or(DEFAULT_S);
        let lifetime = result.asked_lifetime_s().unwrap_or(DEFAULT_S);
        prop_assert!(lifetime <= longest);
        prop_assert!(asked.asked_lifetime_s().is_none_or(|wanted| lifetime <= wanted));
    }

    #[test]
    fn narrowing_again_by_the_same_changes_nothing(first in words(), second in words()) {
        let original = parsed(&first);
        if let Some(once) = narrowed(&original, &second) {
            let twice = narrowed(&once, &second);
            prop_assert_eq!(twice.as_ref().map(set), Some(set(&once)));
            let by_itself = once.narrowed(Some(&once.text()), DEFAULT_S).unwrap();
            prop_assert_eq!(set(&by_itself), set(&once));
        }
    }

    #[test]
    fn the_order_of_the_words_does_not_matter(first in words(), second in words().prop_shuffle(), turned in any::<bool>()) {
        let mut other = second.clone();
        other.sort();
        let mut original = first.clone();
        if turned { original.reverse(); }
        let one = narrowed(&parsed(&first), &second);
        let two = narrowed(&parsed(&original), &other);
        prop_assert_eq!(one.as_ref().map(set), two.as_ref().map(set));
    }

    #[test]
    fn what_is_left_after_two_steps_could_be_had_in_one(first in words(), second in words(), third in words()) {
        let original = parsed(&first);
        let last = narrowed(&original, &second).and_then(|next| narrowed(&next, &third));
        if let Some(last) = last {
            let direct = original.narrowed(Some(&last.text()), DEFAULT_S).unwrap();
            prop_assert_eq!(set(&direct).0, set(&last).0);
        }
    }

    #[test]
    fn any_text_is_read_back_as_it_was_or_refused(text in any::<String>(), first in words()) {
        if let Ok(scopes) = Scopes::parse(Some(&text)) {
            prop_assert_eq!(&Scopes::stored(&scopes.text()).unwrap(), &scopes);
        }
        // Reads whatever it is, beside what is good.
        let _ = parsed(&first).narrowed(Some(&text), DEFAULT_S);
    }

    #[test]
    fn a_user_and_an_app_together_get_what_each_of_them_has(
        of_app in vec(select(&ROLES[..]), 0..4), of_user in vec(select(&ROLES[..]), 0..4),
        wanted in vec(select(&NAMES[..6]), 1..4).prop_shuffle(),
    ) {
        let wanted: Vec<&str> = wanted.into_iter().filter(|name| name.starts_with(OWN)).collect();
        let Ok(granted) = own(&app(&of_app, false), Some(&user(&of_user)), &wanted) else { return Ok(()) };
        let (of_one, of_other) = (brought(&of_app), brought(&of_user));
        for scope in &granted {
            prop_assert!(of_one.contains(scope.as_str()) && of_other.contains(scope.as_str()), "{}", scope);
        }
        let turned = |roles: &[&'static str]| roles.iter().rev().copied().collect::<Vec<_>>();
        let (app_turned, user_turned) = (app(&turned(&of_app), false), user(&turned(&of_user)));
        let again = own(&app_turned, Some(&user_turned), &turned(&wanted)).unwrap();
        prop_assert_eq!(sorted(again), sorted(granted.clone()));
        let names: Vec<&str> = granted.iter().map(String::as_str).collect();
        prop_assert_eq!(own(&app(&of_app, false), Some(&user(&of_user)), &names).unwrap(), granted);
        let on_behalf = own(&app(&of_app, true), Some(&user(&of_user)), &[MY_SCOPES]).unwrap();
        prop_assert!(on_behalf.iter().all(|scope| of_other.contains(scope.as_str())), "on behalf: no more than the user has");
    }
}
