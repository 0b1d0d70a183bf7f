//! `dayend files`.

use crate::desk::{Desk, content};
use std::fs;

#[test]
fn a_file_is_put_listed_fetched_linked_and_removed() {
    let desk = Desk::new();
    let bytes = content(3_000_001);
    let (file, back) = (desk.file("rätes 1.bin", &bytes), desk.scratch().join("back"));
    let (file, back_text) = (file.to_str().unwrap(), back.to_str().unwrap());
    let put = desk.dayend(&["files", "put", file]);
    assert!(put.ok().ends_with("  rätes 1.bin  3000001 bytes\n"), "{}", put.stdout);
    desk.dayend(&["files", "put", file, "--name", "in/rates.bin", "--content-type", "text/csv"])
        .ok();
    let listed = desk.dayend(&["files", "list"]);
    assert!(
        listed.ok().lines().count() == 3 && listed.stdout.contains("3000001"),
        "{}",
        listed.stdout
    );
    let listed = desk.dayend(&["files", "list", "in/", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(listed.ok()).unwrap();
    assert_eq!(
        (listed["files"][0]["name"].as_str(), listed["files"][0]["contentType"].as_str()),
        (Some("in/rates.bin"), Some("text/csv"))
    );
    assert_eq!(desk.dayend(&["files", "get", "rätes 1.bin", "-o", back_text]).ok(), "");
    assert!(fs::read(&back).unwrap() == bytes);
    let small = desk.file("small", b"1,2\n");
    desk.dayend(&["files", "put", small.to_str().unwrap()]).ok();
    assert_eq!(desk.dayend(&["files", "get", "small"]).ok(), "1,2\n");

    let link = desk.dayend(&["files", "link", "small", "--for", "1h"]).ok().trim().to_owned();
    assert_eq!(desk.bytes(&link), b"1,2\n");
    let upload = desk
        .dayend(&["files", "link", "new.csv", "--upload", "--size", "4"])
        .ok()
        .trim()
        .to_owned();
    assert_eq!(desk.follow(&upload, &format!("-T {}", small.display())).status, 200);
    let links: serde_json::Value =
        serde_json::from_str(desk.dayend(&["files", "links", "--json"]).ok()).unwrap();
    let links = links["links"].as_array().unwrap();
    assert_eq!(links.len(), 2);
    assert!(links.iter().all(|link| link["url"].is_null()), "{links:?}");
    for link in links {
        desk.dayend(&["files", "unlink", link["id"].as_str().unwrap()]).ok();
    }
    assert_eq!(desk.follow(&link, "").status, 403);

    desk.dayend(&["files", "rm", "small", "new.csv", "in/rates.bin"]).ok();
    assert_eq!(desk.names(), ["rätes 1.bin"]);
    let gone = desk.dayend(&["files", "get", "small", "-o", back_text]);
    assert!(gone.failed_with(6).contains("does not exist"), "{}", gone.stderr);
    assert!(fs::read(&back).unwrap() == bytes, "what was there is not touched");
    assert_eq!(desk.dayend(&["files", "put", file, "--name", "../x"]).code, 2);
    assert_eq!(desk.dayend(&["files", "put", "/no/such/file"]).code, 2);
}
