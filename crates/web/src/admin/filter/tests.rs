//! Filters, case by case.

use super::{Filter, read};
use crate::admin::schema::{APP, USER};
use serde_json::{Value, json};

fn users() -> Vec<Value> {
    vec![
        json!({ "id": "A1", "userName": "Anna", "active": true, "title": "Night shift", "externalId": "X1",
            "name": { "familyName": "Berg" }, "meta": { "created": "2026-10-30T08:00:00.000Z" },
            "emails": [{ "value": "anna@bank.example", "type": "work", "primary": true }, { "value": "a@home.example", "type": "home" }] }),
        json!({ "id": "b2", "userName": "bernd", "active": false, "meta": { "created": "2026-10-30T10:00:00.500Z" },
            "emails": [{ "value": "bernd@home.example", "type": "home" }], "groups": [{ "value": "g1" }] }),
        json!({ "id": "c3", "userName": "carla\" or", "active": true, "title": "", "meta": { "created": "2026-10-31T00:00:00.000Z" } }),
    ]
}

/// The first letters of the ids of those who fulfil the filter.
fn found(filter: &str) -> String {
    let filter: Filter = read(filter, &USER).unwrap_or_else(|error| panic!("{filter}: {error:?}"));
    let all = users();
    let ids = all.iter().filter(|user| filter.holds(user)).map(|user| &user["id"]);
    ids.map(|id| id.as_str().unwrap()[..1].to_lowercase()).collect()
}

#[test]
fn a_filter_finds_what_it_says() {
    #[rustfmt::skip]
    let cases = [
        (r#"userName eq "anna""#,                                               "a"),
        (r#"USERNAME EQ "ANNA""#,                                               "a"),
        (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "B""#,       "b"),
        (r#"userName eq "carla\" or""#,                                         "c"),
        (r#"id eq "a1""#,                                                       ""),
        (r#"id eq "A1""#,                                                       "a"),
        (r#"externalId eq "x1""#,                                               ""),
        (r#"userName ne "anna""#,                                               "bc"),
        (r#"userName co "R""#,                                                  "bc"),
        (r#"userName ew "d""#,                                                  "b"),
        ("title pr",                                                            "a"),
        ("not (title pr)",                                                      "bc"),
        ("title eq null",                                                       "bc"),
        ("title ne null",                                                       "a"),
        ("active eq true",                                                      "ac"),
        (r#"active eq "true""#,                                                 "ac"),
        ("active ne true",                                                      "b"),
        (r#"name.familyName eq "berg""#,                                        "a"),
        (r#"emails eq "a@home.example""#,                                       "a"),
        (r#"emails.value co "home""#,                                           "ab"),
        (r#"emails[type eq "work"]"#,                                           "a"),
        (r#"emails[type eq "work" and value co "home"]"#,                       ""),
        (r#"emails[type eq "home" and not (primary eq true)]"#,                 "ab"),
        (r#"emails.type eq "work" and emails.value co "home""#,                 "a"),
        (r#"groups.value eq "g1""#,                                             "b"),
        (r#"meta.created gt "2026-10-30T08:00:00Z""#,                           "bc"),
        (r#"meta.created ge "2026-10-30T10:00:00+02:00""#,                      "abc"),
        (r#"meta.created lt "2026-10-30T10:00:01Z""#,                           "ab"),
        (r#"meta.created le "2026-10-30T10:00:00.5Z""#,                         "ab"),
        (r#"userName gt "anna""#,                                               "bc"),
        (r#"userName eq "anna" or userName eq "bernd" and active eq true"#,     "a"),
        (r#"(userName eq "anna" or userName eq "bernd") and active eq false"#,  "b"),
        (r#"not (userName eq "anna") and not(active eq true)"#,                 "b"),
        ("((((userName pr))))",                                                "abc"),
    ];
    for (filter, want) in cases {
        assert_eq!(found(filter), want, "{filter}");
    }
}

#[test]
fn what_is_no_filter_is_refused_with_the_place() {
    let deep = format!("{}userName pr{}", "(".repeat(33), ")".repeat(33));
    let many = vec!["userName pr"; 201].join(" or ");
    let long = format!("userName eq \"{}\"", "x".repeat(8192));
    #[rustfmt::skip]
    let cases: [&str; 32] = [
        "", " ", "userName", "userName eq", "userName eq anna", "userName like \"x\"", "nothing eq \"x\"",
        "userName eq \"x", "userName eq \"x\" and", "and userName pr", "(userName pr", "userName pr)", "()",
        "not userName pr", "userName pr userName pr", "name eq \"x\"", "emails[", "emails[]", "emails[type eq \"x\"", "emails[nothing pr]",
        "userName[type pr]", "userName eq 1", "active eq \"maybe\"", "active gt true", "meta.created gt \"yesterday\"",
        "userName eq \"\\x\"", "password eq \"x\" and userName 'x'", "\"x\" eq userName", "userName eq 1e999",
        deep.as_str(), many.as_str(), long.as_str(),
    ];
    for filter in cases {
        let refused = read(filter, &USER).unwrap_err();
        assert_eq!(
            (refused.status.as_u16(), refused.scim_type),
            (400, Some("invalidFilter")),
            "{filter:.60}"
        );
        assert!(refused.detail.len() < 300, "{filter:.60}");
    }
}

#[test]
fn numbers_are_compared_as_numbers() {
    let app = json!({ "id": "a", "accessTokenExpiry": 900 });
    for (filter, want) in [
        ("accessTokenExpiry eq 900", true),
        ("accessTokenExpiry lt 1000", true),
        ("accessTokenExpiry gt 1000", false),
        ("refreshTokenExpiry gt 1", false),
        ("refreshTokenExpiry ne 1", true),
    ] {
        assert_eq!(read(filter, &APP).unwrap().holds(&app), want, "{filter}");
    }
    assert!(read("accessTokenExpiry co 9", &APP).is_err());
}
