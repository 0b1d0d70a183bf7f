//! Many files, and many at the same time.

use crate::desk::{Desk, content};
use crate::outside::curl::shell;
use std::fmt::Write as _;

/// `curl` sends what a list says, so many at a time; the answers are counted by status.
fn send(desk: &Desk, list: &str, at_once: usize) -> String {
    let config = desk.file("list", list.as_bytes());
    let said = shell(&format!(
        "curl --silent --show-error --parallel --parallel-immediate --parallel-max {at_once} -K {} | sort | uniq -c",
        config.display()
    ));
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn entry(list: &mut String, desk: &Desk, name: &str, file: &std::path::Path) {
    let url = desk.url(&format!("/api/v1/files/{name}"));
    if !list.is_empty() {
        list.push_str("next\n");
    }
    writeln!(
        list,
        "cacert = \"{}\"\nurl = \"{url}\"\nupload-file = \"{}\"\nheader = \"Authorization: Bearer {}\"\noutput = \"/dev/null\"\nwrite-out = \"%{{http_code}}\\n\"\nsilent",
        desk.authority(),
        file.display(),
        desk.token
    )
    .unwrap();
}

/// How many small files there are; `DAYEND_FILES_MANY` asks for more.
const MANY: usize = 1000;

#[test]
fn two_hundred_uploads_at_a_time_all_arrive_whole() {
    let desk = Desk::new();
    let mut list = String::new();
    for at in 0..200_usize {
        let file = desk.file(&format!("file.{at}"), &content(100_000 + at));
        entry(&mut list, &desk, &format!("in/{at:03}.bin"), &file);
    }
    assert_eq!(send(&desk, &list, 200), "200 200");
    let listed = desk.ask("/api/v1/files?prefix=in/", "").json();
    let files = listed["files"].as_array().unwrap();
    assert_eq!(files.len(), 200);
    for (at, file) in files.iter().enumerate() {
        let want =
            shell(&format!("sha256sum {}", desk.scratch().join(format!("file.{at}")).display()));
        assert_eq!(file["sha256"].as_str(), want.split(' ').next(), "{file}");
        assert_eq!(file["sizeBytes"], 100_000 + at as u64);
    }
    assert_eq!(desk.blobs(), 200);
}

#[test]
fn many_small_files_are_all_there_page_by_page() {
    let many = std::env::var("DAYEND_FILES_MANY").map_or(MANY, |told| told.parse().unwrap());
    let desk = Desk::new();
    let file = desk.file("small", b"1 2 3\n");
    let mut list = String::new();
    for at in 0..many {
        entry(&mut list, &desk, &format!("in/{at:05}.csv"), &file);
    }
    assert_eq!(send(&desk, &list, 32), format!("{many} 200"));
    let mut names = Vec::new();
    let mut after = String::new();
    loop {
        let page =
            desk.ask(&format!("/api/v1/files?prefix=in/&limit=300&after={after}"), "").json();
        names.extend(
            page["files"]
                .as_array()
                .unwrap()
                .iter()
                .map(|file| file["name"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    let want: Vec<String> = (0..many).map(|at| format!("in/{at:05}.csv")).collect();
    assert_eq!(names, want);
    let counted = desk
        .ask(&format!("/{}/utils-service/v1/listfiles?stripeName=default", desk.tenant()), "")
        .json();
    assert_eq!(counted["count"], many);
}
