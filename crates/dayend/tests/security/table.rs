//! The security points of an OAuth 2.0 and OpenID Connect provider, each with its source and requests that show it.

use crate::house::House;
use crate::outside::telling::tell;
use crate::points::{accounts, clients, codes, identity, redirects, tokens};
use std::future::Future;
use std::pin::Pin;

type Shown<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// One point.
struct Point {
    number: u32,
    /// Where the rule stands, and the rule in a sentence.
    rule: &'static str,
    shown: for<'a> fn(&'a House) -> Shown<'a>,
}

const fn point(
    number: u32,
    rule: &'static str,
    shown: for<'a> fn(&'a House) -> Shown<'a>,
) -> Point {
    Point { number, rule, shown }
}

#[rustfmt::skip]
const REDIRECTS: [Point; 10] = [
    point(1,  "RFC 9700 4.1.3, ASVS 10.4.1: redirect URIs are compared as texts; only the port of loopback ones may differ", |h| Box::pin(redirects::are_exact(h))),
    point(2,  "RFC 6749 4.1.2.1: an unknown client or redirect URI is told on a page; all other errors go back with error, state and iss", |h| Box::pin(redirects::errors_go_back_only_to_known_places(h))),
    point(3,  "RFC 6749 3.1 and 3.2: a parameter comes once; unknown ones are ignored", |h| Box::pin(redirects::parameters_come_once(h))),
    point(9,  "RFC 9700 2.1.2, ASVS 10.4.4: response and grant types per client; implicit and hybrid are off", |h| Box::pin(redirects::no_implicit(h))),
    point(12, "RFC 6749 10.14: state comes back byte for byte; nothing is reflected as it came", |h| Box::pin(redirects::state_comes_back(h))),
    point(13, "RFC 9700 4.11: no open redirector; 303 after a POST, never 307 with credentials", |h| Box::pin(redirects::nowhere_else(h))),
    point(14, "RFC 9700 4.16, ASVS 10.7: pages cannot be framed; decisions need a POST with a token of the session", |h| Box::pin(redirects::pages_are_guarded(h))),
    point(27, "RFC 9126: pushed requests are not offered, and nothing says they are", |h| Box::pin(redirects::nothing_is_pushed(h))),
    point(28, "OpenID Connect Core 6: request and request_uri are refused, and nothing is fetched", |h| Box::pin(redirects::no_request_objects(h))),
    point(29, "RFC 9207: iss stands in every authorisation response, errors too, and the metadata says so", |h| Box::pin(redirects::iss_is_said(h))),
];

#[rustfmt::skip]
const CODES: [Point; 6] = [
    point(4,  "RFC 9700 4.5, ASVS 10.4.2: a code is good once, and its second use ends what the first one got; here it lives three minutes, as the guide's service has it, instead of one", |h| Box::pin(codes::once(h))),
    point(5,  "RFC 6749 4.1.3: a code of one client is worthless to another, and then to both", |h| Box::pin(codes::for_one_client(h))),
    point(6,  "RFC 6749 4.1.3: redirect_uri at the token endpoint is that of the request; it may be left out, because the guide's scripts do", |h| Box::pin(codes::redirect_uri(h))),
    point(11, "RFC 9700 4.14, ASVS 10.4.5: a refresh token is good once, and a second use ends its family; that a store that fails uses nothing up is shown by the tests of refreshes", |h| Box::pin(codes::refresh_once(h))),
    point(16, "RFC 7636, RFC 9700 2.1.1: PKCE with S256; compulsory for public clients, and not for confidential ones, because the guide's have none", |h| Box::pin(codes::pkce(h))),
    point(17, "RFC 7636 4.6, RFC 9700 4.8.2: a missing, wrong or unasked-for verifier makes the code worthless", |h| Box::pin(codes::verifier(h))),
];

#[rustfmt::skip]
const CLIENTS: [Point; 6] = [
    point(7,  "RFC 6749 5.1 and 5.2: token answers are JSON and not stored; errors are those of the registry", |h| Box::pin(clients::answers(h))),
    point(8,  "RFC 6749 2.3, ASVS 10.4.6: one method of client authentication at a time; unknown and wrong look alike", |h| Box::pin(clients::authentication(h))),
    point(10, "RFC 6749 3.3: scopes are known, bounded, and only become fewer", |h| Box::pin(clients::scopes(h))),
    point(15, "RFC 9700 4.15: a client cannot look like a user", |h| Box::pin(clients::are_no_users(h))),
    point(19, "RFC 7009: only authenticated clients revoke, and only their own; whatever was sent, the answer is 200", |h| Box::pin(clients::revocation(h))),
    point(20, "RFC 7662: only authenticated clients ask, and what is not valid is inactive and nothing else", |h| Box::pin(clients::introspection(h))),
];

#[rustfmt::skip]
const TOKENS: [Point; 8] = [
    point(18, "RFC 6750: bearer tokens come in the Authorization header, once, and challenges say what is wrong", |h| Box::pin(tokens::in_the_header(h))),
    point(21, "RFC 8414, OpenID Connect Discovery: the issuer is the configured one, whatever Host says; only public keys are published", |h| Box::pin(tokens::discovery(h))),
    point(22, "RFC 8725 3.1: the algorithm is that of the key", |h| Box::pin(tokens::algorithm(h))),
    point(23, "RFC 8725 3.10: kid is looked up in a map; what a header says about keys is not looked at", |h| Box::pin(tokens::key_names(h))),
    point(24, "RFC 8725 3.11, RFC 9068: kinds of tokens cannot stand for each other; tok_type tells them apart instead of typ, as in the guide", |h| Box::pin(tokens::kinds(h))),
    point(25, "RFC 9068 2.2, RFC 8725 3.6: an access token says what it must, and is refused when it is huge", |h| Box::pin(tokens::claims_and_size(h))),
    point(26, "ASVS 11.2, 13.3: key files are their owner's alone, the published set has the key that signs; rotation and retirement are shown by the tests of the keys", |h| Box::pin(tokens::keys(h))),
    point(30, "RFC 9449: DPoP is not offered, and nothing says it is", |h| Box::pin(tokens::no_dpop(h))),
];

#[rustfmt::skip]
const IDENTITY: [Point; 6] = [
    point(31, "OpenID Connect Core 3.1.2: nonce, max_age and prompt are obeyed", |h| Box::pin(identity::requests(h))),
    point(32, "OpenID Connect Core 2 and 3.1.3: an ID token is signed, short, for its client, and bound to the access token", |h| Box::pin(identity::id_token(h))),
    point(33, "OpenID Connect Core 5.3: userinfo by GET and POST says who the ID token says, and more only by scope", |h| Box::pin(identity::userinfo(h))),
    point(34, "OpenID Connect Core 3.1.2.1: a hint at another user with prompt=none is login_required; a forged hint is no hint", |h| Box::pin(identity::hints(h))),
    point(35, "RP-Initiated Logout, ASVS 10.6.2: back only to registered addresses, and without a hint the user is asked", |h| Box::pin(identity::log_out(h))),
    point(40, "ASVS 7.2 to 7.4: a session begins with the log-in, in a guarded cookie, and ends on the server; that it ends with its time is shown by the tests of the pages", |h| Box::pin(identity::sessions(h))),
];

#[rustfmt::skip]
const ACCOUNTS: [Point; 6] = [
    point(36, "ASVS 6.3.1: guesses are counted together over all ways to log in, at once or one by one, and nobody else is held up", |h| Box::pin(accounts::guesses(h))),
    point(37, "ASVS 6.3.8: unknown, switched off and wrong look alike and take as long", |h| Box::pin(accounts::enumeration(h))),
    point(38, "ASVS 6.2 and 11.4.2: passwords are long enough, not well known, kept as Argon2id, and checked a few at a time", |h| Box::pin(accounts::passwords(h))),
    point(39, "ASVS 6.3.2: the first administrator has no default password", |h| Box::pin(accounts::first_administrator(h))),
    point(41, "ASVS 8.3.2: what is taken away counts for live tokens at once", |h| Box::pin(accounts::taken_away(h))),
    point(42, "OpenID Connect Core 5.1: custom claims are not offered, so that none can have a reserved name", |h| Box::pin(accounts::no_custom_claims(h))),
];

#[test]
fn every_point_from_1_to_42_has_its_row() {
    let all = [&REDIRECTS[..], &CODES, &CLIENTS, &TOKENS, &IDENTITY, &ACCOUNTS].concat_numbers();
    assert_eq!(all, (1..=42).collect::<Vec<_>>());
}

#[tokio::test]
async fn redirects_and_pages_are_as_the_standards_ask() {
    show(&REDIRECTS).await;
}

#[tokio::test]
async fn codes_and_refresh_tokens_are_as_the_standards_ask() {
    show(&CODES).await;
}

#[tokio::test]
async fn clients_are_treated_as_the_standards_ask() {
    show(&CLIENTS).await;
}

#[tokio::test]
async fn tokens_are_checked_as_the_standards_ask() {
    show(&TOKENS).await;
}

#[tokio::test]
async fn openid_connect_is_spoken_as_the_standard_asks() {
    show(&IDENTITY).await;
}

#[tokio::test]
async fn accounts_are_guarded_as_the_standards_ask() {
    show(&ACCOUNTS).await;
}

async fn show(points: &[Point]) {
    let house = House::open_with(&[("unifier_client", "\"web\"")]);
    for point in points {
        // Shown by the runner when the row fails.
        tell(&format!("S{}: {}", point.number, point.rule));
        (point.shown)(&house).await;
    }
}

trait Numbers {
    fn concat_numbers(&self) -> Vec<u32>;
}

impl Numbers for [&[Point]] {
    fn concat_numbers(&self) -> Vec<u32> {
        let mut all: Vec<u32> =
            self.iter().flat_map(|points| points.iter()).map(|it| it.number).collect();
        all.sort_unstable();
        all
    }
}
