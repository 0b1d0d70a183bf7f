//! Operations, case by case.

use super::{apply, read};
use crate::admin::schema::{APP, GROUP, USER};
use serde_json::{Value, json};

fn user() -> Value {
    json!({
        "id": "u1", "schemas": [USER.urn], "userName": "maria", "name": { "givenName": "Maria", "familyName": "Night" },
        "emails": [{ "value": "a@b", "type": "work", "primary": true }, { "value": "c@d", "type": "home" }], "groups": [{ "value": "g" }],
    })
}

fn patched(operation: &Value) -> Result<Value, (Option<&'static str>, String)> {
    let sent = json!({ "Operations": [operation] });
    let result = read(&USER, &sent).and_then(|operations| apply(&USER, &user(), &operations));
    result.map_err(|refused| (refused.scim_type, refused.detail))
}

#[test]
fn each_verb_changes_what_its_path_names() {
    #[rustfmt::skip]
    let cases = [
        ("a single one",        json!({ "op": "add", "path": "title", "value": "x" }),                                          "/title",                json!("x")),
        ("in any case",         json!({ "op": "Replace", "path": "USERNAME", "value": "x" }),                                   "/userName",             json!("x")),
        ("with its schema",     json!({ "op": "replace", "path": format!("{}:userName", USER.urn), "value": "x" }),             "/userName",             json!("x")),
        ("a part",              json!({ "op": "replace", "path": "name.givenName", "value": "M" }),                             "/name",                 json!({ "givenName": "M", "familyName": "Night" })),
        ("parts stay",          json!({ "op": "add", "path": "name", "value": { "givenname": "M" } }),                          "/name",                 json!({ "givenName": "M", "familyName": "Night" })),
        ("a part goes",         json!({ "op": "remove", "path": "name.givenName" }),                                            "/name",                 json!({ "familyName": "Night" })),
        ("all of it goes",      json!({ "op": "remove", "path": "emails" }),                                                    "/emails",               json!([])),
        ("some of it goes",     json!({ "op": "remove", "path": "emails[type eq \"home\"]" }),                                  "/emails",               json!([{ "value": "a@b", "type": "work", "primary": true }])),
        ("what is named goes",  json!({ "op": "remove", "path": "emails", "value": [{ "value": "a@b" }] }),                     "/emails",               json!([{ "value": "c@d", "type": "home" }])),
        ("nothing goes",        json!({ "op": "remove", "path": "emails[type eq \"x\"]" }),                                     "/emails/1/value",       json!("c@d")),
        ("one more",            json!({ "op": "add", "path": "emails", "value": { "value": "e@f" } }),                          "/emails/2/value",       json!("e@f")),
        ("the same again",      json!({ "op": "add", "path": "emails", "value": [{ "value": "c@d", "type": "x" }] }),           "/emails/1/type",        json!("x")),
        ("others instead",      json!({ "op": "replace", "path": "emails", "value": [{ "value": "e@f" }] }),                    "/emails",               json!([{ "value": "e@f" }])),
        ("a part of some",      json!({ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "e@f" }),           "/emails/0/value",       json!("e@f")),
        ("some, whole",         json!({ "op": "replace", "path": "emails[value eq \"c@d\"]", "value": { "value": "e@f" } }),    "/emails/1",             json!({ "value": "e@f" })),
        ("without a path",      json!({ "op": "replace", "value": { "title": "x", "name.givenName": "M", "ims": [] } }),        "/name/givenName",       json!("M")),
    ];
    for (name, operation, place, want) in cases {
        let next = patched(&operation).unwrap_or_else(|refused| panic!("{name}: {refused:?}"));
        assert_eq!(next.pointer(place), Some(&want), "{name}: {next}");
        assert_eq!(next.get("groups"), None, "{name}: what only the server sets is not sent back");
    }
}

#[test]
fn what_makes_no_sense_changes_nothing() {
    #[rustfmt::skip]
    let cases = [
        ("no verb",               json!({ "path": "title", "value": "x" }),                                        "invalidSyntax"),
        ("no object",             json!("add"),                                                                    "invalidSyntax"),
        ("another word",          json!({ "op": "add", "path": "title", "valeu": "x" }),                           "invalidSyntax"),
        ("a path of numbers",     json!({ "op": "add", "path": 1, "value": "x" }),                                 "invalidPath"),
        ("no such attribute",     json!({ "op": "add", "path": "nothing", "value": "x" }),                         "invalidPath"),
        ("no such part",          json!({ "op": "add", "path": "name.nothing", "value": "x" }),                    "invalidPath"),
        ("no such part of some",  json!({ "op": "add", "path": "emails[type pr].nothing", "value": "x" }),         "invalidPath"),
        ("a bracket stays open",  json!({ "op": "add", "path": "emails[type pr", "value": "x" }),                  "invalidPath"),
        ("a filter on one",       json!({ "op": "add", "path": "title[value pr]", "value": "x" }),                 "invalidPath"),
        ("behind the bracket",    json!({ "op": "add", "path": "emails[type pr]value", "value": "x" }),            "invalidPath"),
        ("a bad filter",          json!({ "op": "add", "path": "emails[type]", "value": "x" }),                    "invalidFilter"),
        ("nothing is meant",      json!({ "op": "replace", "path": "emails[type eq \"x\"]", "value": {} }),        "noTarget"),
        ("remove all",            json!({ "op": "remove" }),                                                       "noTarget"),
        ("no names",              json!({ "op": "add", "value": "x" }),                                            "invalidSyntax"),
        ("the server's",          json!({ "op": "add", "path": "groups", "value": [{ "value": "g2" }] }),          "mutability"),
        ("a part of the server's", json!({ "op": "add", "path": "meta.version", "value": "x" }),                   "mutability"),
        ("the server's, unnamed", json!({ "op": "add", "value": { "id": "u2" } }),                                 "mutability"),
    ];
    for (name, operation, want) in cases {
        let (scim_type, detail) = patched(&operation).unwrap_err();
        assert_eq!(scim_type, Some(want), "{name}: {detail}");
    }
    for sent in [
        json!([]),
        json!({}),
        json!({ "Operations": [] }),
        json!({ "Operations": {} }),
        json!({ "schemas": ["urn:x"], "Operations": [{ "op": "remove", "path": "title" }] }),
    ] {
        assert!(read(&USER, &sent).is_err(), "{sent}");
    }
    let many = json!({ "Operations": vec![json!({ "op": "remove", "path": "title" }); 1001] });
    assert!(read(&USER, &many).is_err());
}

#[test]
fn an_extension_is_reached_by_its_name() {
    let extension = "urn:ietf:params:scim:schemas:dayend:App";
    let app = json!({ "id": "a", "displayName": "x", extension: { "strict": false } });
    let sent = json!({ "Operations": [
        { "op": "add", "path": format!("{extension}:corsOrigins"), "value": ["https://a.example"] },
        { "op": "replace", "path": format!("{extension}:strict"), "value": true },
    ] });
    let next = apply(&APP, &app, &read(&APP, &sent).unwrap()).unwrap();
    assert_eq!(next[extension], json!({ "strict": true, "corsOrigins": ["https://a.example"] }));
    let whole =
        json!({ "Operations": [{ "op": "add", "value": { extension: { "strict": true } } }] });
    let next = apply(&APP, &app, &read(&APP, &whole).unwrap()).unwrap();
    assert_eq!(next[extension], json!({ "strict": true }));
    let name = "urn:ietf:params:scim:schemas:oracle:idcs:extension:group:Group:description";
    let sent = json!({ "Operations": [{ "op": "add", "path": name, "value": "All of us" }] });
    let next =
        apply(&GROUP, &json!({ "id": "g", "displayName": "x" }), &read(&GROUP, &sent).unwrap());
    assert_eq!(next.unwrap()[name.trim_end_matches(":description")]["description"], "All of us");
}
