//! Lists: filters, order, pages, attributes, searches.

use crate::client::{Client, form, text};
use dayend_testkit::app::TestApp;
use serde_json::{Value, json};

fn names(list: &Value) -> Vec<String> {
    list["Resources"].as_array().unwrap().iter().map(|user| text(&user["userName"])).collect()
}

#[tokio::test]
async fn a_list_is_filtered_sorted_and_cut_into_pages() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    for name in ["carla", "Anna", "bernd"] {
        admin.new_user(name).await;
    }
    let of = async |fields: &[(&str, &str)]| {
        admin.get(&format!("/Users?{}", form(fields))).await.with(200)
    };
    assert_eq!(names(&of(&[("sortBy", "userName")]).await), ["Anna", "bernd", "carla", "operator"]);
    let down = of(&[("sortBy", "userName"), ("sortOrder", "descending"), ("count", "2")]).await;
    assert_eq!(names(&down), ["operator", "carla"]);
    assert_eq!((&down["totalResults"], &down["itemsPerPage"]), (&json!(4), &json!(2)));
    let filter = "userName sw \"a\" or userName eq \"carla\"";
    let found = of(&[("filter", filter), ("sortBy", "userName"), ("startIndex", "2")]).await;
    assert_eq!((names(&found), &found["totalResults"]), (vec!["carla".to_owned()], &json!(2)));
    let beyond = of(&[("startIndex", "99")]).await;
    assert_eq!((names(&beyond).len(), &beyond["totalResults"]), (0, &json!(4)));
    let none = of(&[("count", "0")]).await;
    assert_eq!((names(&none).len(), &none["totalResults"]), (0, &json!(4)));

    let mut page = "1".to_owned();
    let mut seen = Vec::new();
    while !page.is_empty() {
        let query = form(&[("sortBy", "userName"), ("limit", "3"), ("page", &page)]);
        let reply = admin.get(&format!("/Users?{query}")).await;
        seen.extend(names(&reply.json()));
        page = reply.header("opc-next-page").to_owned();
    }
    assert_eq!(seen, ["Anna", "bernd", "carla", "operator"], "page by page");
}

#[tokio::test]
async fn a_search_answers_as_a_list_does() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    admin.new_user("maria").await;
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": "userName eq \"maria\"",
        "attributes": ["userName"],
    });
    let found = admin.post("/Users/.search", &body).await.with(200);
    let mut keys: Vec<_> = found["Resources"][0].as_object().unwrap().keys().cloned().collect();
    keys.sort();
    assert_eq!(keys, ["id", "schemas", "userName"]);
    for kind in ["Apps", "Groups", "AppRoles", "Grants"] {
        let found = admin.post(&format!("/{kind}/.search"), &json!({ "count": 1 })).await.with(200);
        assert!(found["totalResults"].is_number(), "{kind}: {found}");
    }
    let bad = admin.post("/Users/.search", &json!({ "filter": "userName eq" })).await;
    assert_eq!(bad.error(), "400 invalidFilter");
}

#[tokio::test]
async fn a_question_that_makes_no_sense_is_refused() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    #[rustfmt::skip]
    let cases = [
        ("filter=nothing+eq+1",          "400 invalidFilter"),
        ("filter=userName",              "400 invalidFilter"),
        ("sortBy=nothing",               "400 invalidValue"),
        ("sortOrder=up",                 "400 invalidValue"),
        ("startIndex=one",               "400 invalidValue"),
        ("count=1e3",                    "400 invalidValue"),
        ("attributes=nothing",           "400 invalidValue"),
        ("attributeSets=some",           "400 invalidValue"),
        ("fliter=x",                     "400 invalidSyntax"),
        ("count=1&count=2",              "400 invalidSyntax"),
    ];
    for (query, want) in cases {
        assert_eq!(admin.get(&format!("/Users?{query}")).await.error(), want, "{query}");
    }
    assert_eq!(admin.get("/Users/%ff").await.error(), "400 invalidSyntax");
    assert_eq!(admin.get("/Nothing").await.error(), "404 none");
    let wrong = admin.delete("/Users").await;
    assert_eq!(wrong.error(), "405 none");
    assert!(wrong.header("allow").contains("POST"), "{wrong:?}");
}

#[tokio::test]
async fn the_api_says_what_it_is() {
    let app = TestApp::new().await;
    let admin = Client::administrator(&app).await;
    let config = admin.get("/ServiceProviderConfig").await.with(200);
    assert_eq!(
        (&config["patch"]["supported"], &config["bulk"]["supported"]),
        (&json!(true), &json!(false))
    );
    let types = admin.get("/ResourceTypes").await.with(200);
    for kind in types["Resources"].as_array().unwrap() {
        assert_eq!(admin.get(&text(&kind["endpoint"])).await.status, 200, "{kind}");
        let schema = admin.get(&format!("/Schemas/{}", text(&kind["schema"]))).await.with(200);
        assert_eq!(schema["id"], kind["schema"]);
        admin.get(&format!("/ResourceTypes/{}", text(&kind["id"]))).await.with(200);
    }
    let json_only = admin.send("GET", "/Schemas", &[("accept", "application/json")], "").await;
    assert_eq!(json_only.header("content-type"), "application/json");
    assert_eq!(admin.get("/Schemas/urn:x").await.error(), "404 none");
}
