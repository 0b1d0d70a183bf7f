//! Links that are altered, expired, revoked, used up, somebody else's, or asked for what they do not give.

use crate::desk::{Desk, oci_code};
use crate::server_support::{Home, run};
use serde_json::json;
use std::time::{Duration, Instant};

/// A link that is good for a second is good for less than this on any machine.
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn a_link_gives_one_thing_to_one_object_and_nothing_else() {
    let desk = Desk::new();
    desk.put("there.csv", b"content");
    let (read, write) = (desk.download_link("there.csv"), desk.upload_link("new.csv", 7));
    let file = desk.file("seven", b"1234567");
    let put = format!("-T {}", file.display());
    #[rustfmt::skip]
    let cases = [
        ("a link to read is written to",    &read,  put.as_str(),                 403, "NotAuthorizedOrNotFound"),
        ("a link to read begins parts",     &read,  "-X PUT -H opc-multipart:true", 403, "NotAuthorizedOrNotFound"),
        ("a link to write is read",         &write, "",                           403, "NotAuthorizedOrNotFound"),
        ("a link to write is looked at",    &write, "-r 0-1",                     403, "NotAuthorizedOrNotFound"),
        ("an object is posted",             &read,  "-X POST",                    405, "MethodNotAllowed"),
        ("an object is deleted",            &read,  "-X DELETE",                  405, "MethodNotAllowed"),
        ("an object is patched",            &write, "-X PATCH",                   405, "MethodNotAllowed"),
    ];
    for (what, link, more, status, code) in cases {
        let answer = desk.follow(link, more);
        assert_eq!(
            (answer.status, oci_code(&answer).as_str()),
            (status, code),
            "{what}: {answer:?}"
        );
    }
    for (what, link) in [
        ("another object", read.replace("/o/there.csv", "/o/other.csv")),
        ("no object", read.replace("/o/there.csv", "/o/")),
        ("another tenant", read.replace(&format!("/n/{}/", desk.tenant()), "/n/other/")),
        ("another workspace", read.replace("WS001", "WS002")),
        (
            "an upload that is not its own",
            read.replace("/o/there.csv", "/u/there.csv/id/00000000-0000-4000-8000-000000000000/"),
        ),
    ] {
        assert_ne!(link, read, "{what}");
        let answer = desk.follow(&link, "");
        assert_eq!(
            (answer.status, oci_code(&answer).as_str()),
            (403, "NotAuthorizedOrNotFound"),
            "{what}: {answer:?}"
        );
    }
    assert_eq!(desk.follow(&write, "-I").status, 403);
    assert_eq!(desk.names(), ["there.csv"], "nothing of all this did anything");
}

#[test]
fn any_bit_of_the_secret_counts() {
    let desk = Desk::new();
    desk.put("a", b"x");
    let link = desk.download_link("a");
    let begin = link.find("/p/").unwrap() + 3;
    for at in [0, 1, 31, 62, 63] {
        let mut altered = link.clone().into_bytes();
        altered[begin + at] = if altered[begin + at] == b'A' { b'B' } else { b'A' };
        let answer = desk.follow(std::str::from_utf8(&altered).unwrap(), "");
        assert_eq!(
            (answer.status, oci_code(&answer).as_str()),
            (403, "NotAuthorizedOrNotFound"),
            "at {at}"
        );
    }
    let (before, secret, behind) = (&link[..begin], &link[begin..begin + 64], &link[begin + 64..]);
    for (what, changed) in [
        ("shorter", format!("{before}{}{behind}", &secret[1..])),
        ("longer", format!("{before}A{secret}{behind}")),
        ("other case", format!("{before}{}{behind}", secret.to_ascii_lowercase())),
    ] {
        assert_eq!(desk.follow(&changed, "").status, 403, "{what}");
    }
    assert_eq!(desk.bytes(&link), b"x");
}

#[test]
fn a_link_that_was_revoked_or_has_expired_is_useless() {
    let desk = Desk::new();
    desk.put("a", b"x");
    let (revoked, id) = desk.link(&json!({ "access": "ObjectRead", "name": "a" }));
    let (expiring, _) = desk.link(&json!({ "access": "ObjectRead", "name": "a", "expiresInS": 1 }));
    assert_eq!(desk.bytes(&revoked), b"x");
    assert_eq!(desk.ask(&format!("/api/v1/file-links/{id}"), "-X DELETE").status, 204);
    let answer = desk.follow(&revoked, "");
    assert_eq!((answer.status, oci_code(&answer).as_str()), (403, "NotAuthorizedOrNotFound"));
    let begun = Instant::now();
    let expired = loop {
        let answer = desk.follow(&expiring, "");
        assert!(begun.elapsed() < PATIENCE, "it never expires: {answer:?}");
        if answer.status != 200 {
            break answer;
        }
    };
    assert!(begun.elapsed() < PATIENCE);
    assert_eq!((expired.status, oci_code(&expired).as_str()), (403, "NotAuthorizedOrNotFound"));
    let long = desk.ask(
        "/api/v1/file-links",
        "-H 'Content-Type: application/json' -d '{\"access\":\"ObjectRead\",\"name\":\"a\",\"expiresInS\":99999999}'",
    );
    let days = |key: &str| long.text(key).parse::<jiff::Timestamp>().unwrap();
    assert_eq!(
        days("expiresAt").as_second() - days("createdAt").as_second(),
        168 * 3600,
        "the policy's maximum"
    );
}

#[test]
fn an_upload_may_be_repeated_until_it_is_complete_and_not_after_that() {
    let desk = Desk::new();
    let link = desk.upload_link("once.bin", 5);
    let (short, right) = (desk.file("short", b"1234"), desk.file("right", b"12345"));
    for _ in 0..2 {
        assert_eq!(desk.follow(&link, &format!("-T {}", short.display())).status, 400);
    }
    assert_eq!(desk.names(), Vec::<String>::new());
    assert_eq!(desk.follow(&link, &format!("-T {}", right.display())).status, 200);
    let again = desk.follow(&link, &format!("-T {}", right.display()));
    assert_eq!((again.status, oci_code(&again).as_str()), (403, "NotAuthorizedOrNotFound"));
    assert!(again.body.contains("complete"), "{again:?}");
    // The next night sends the same name again, by a link of its own.
    let next = desk.file("next", b"abcde");
    let link = desk.upload_link("once.bin", 5);
    assert_eq!(desk.follow(&link, &format!("-T {}", next.display())).status, 200);
    assert_eq!(desk.bytes(&desk.download_link("once.bin")), b"abcde");
    assert_eq!(desk.names(), ["once.bin"]);
}

#[test]
fn a_link_dies_with_whoever_made_it_and_with_their_rights() {
    let desk = Desk::new();
    desk.put("a", b"x");
    let user = desk.home.get("user");
    let path = desk.download_link("a").strip_prefix(&desk.server.base_url).unwrap().to_owned();
    let switch = |home: &Home, verb: &str| {
        run(&["admin", "user", verb, "--data", home.text(), &user]).ok();
    };
    let change = |home: &Home, verb: &str| {
        run(&["admin", verb, "--data", home.text(), "--user", &user, "--functions", "FILE_VIEW"])
            .ok();
    };
    assert_eq!(desk.bytes(&desk.url(&path)), b"x");
    let desk = desk.again(|home| {
        // A tenant keeps an administrator.
        run(&["admin", "user", "add", "--data", home.text(), "maria"]).ok();
        run(&["admin", "grant", "--data", home.text(), "--user", "maria", "--functions", "ADMIN"])
            .ok();
        switch(home, "disable");
    });
    assert_eq!(desk.follow(&desk.url(&path), "").status, 403, "the user is disabled");
    let desk = desk.again(|home| {
        switch(home, "enable");
        change(home, "revoke");
    });
    assert_eq!(desk.follow(&desk.url(&path), "").status, 403, "the right is gone");
    let desk = desk.again(|home| change(home, "grant"));
    assert_eq!(desk.bytes(&desk.url(&path)), b"x", "a link outlives restarts");
    let desk = desk.again(|home| switch(home, "delete"));
    assert_eq!(desk.follow(&desk.url(&path), "").status, 403, "the user is gone");
    assert_eq!(desk.names(), ["a"], "files belong to the tenant");
}
