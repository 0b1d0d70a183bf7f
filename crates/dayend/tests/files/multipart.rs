//! Files in parts: several at a time, over a killed server, and what is wrong with them.

use crate::desk::{Desk, content, oci_code};
use crate::outside::curl::shell;
use std::fmt::Write as _;

const PART_BYTES: usize = 8 << 20;
const PARTS: usize = 8;

/// A multipart upload and where its parts go.
fn begin(desk: &Desk, link: &str) -> String {
    let begun = desk.follow(link, "-X PUT -H 'opc-multipart: true' -H 'opc-meta-night: yes'");
    assert_eq!(begun.status, 200, "{begun:?}");
    for key in
        ["namespace", "bucket", "object", "uploadId", "timeCreated", "storageTier", "accessUri"]
    {
        assert!(begun.json()[key].is_string(), "{key}: {begun:?}");
    }
    begun.text("accessUri")
}

/// Sends some parts at the same time; some of them may fail.
fn send(desk: &Desk, access: &str, parts: &[usize], rate: &str) -> String {
    let mut command = String::new();
    for part in parts {
        let file = desk.scratch().join(format!("part.{part}"));
        let (authority, url) = (desk.authority(), desk.url(access));
        write!(
            command,
            "curl --fail --silent {rate} --cacert {authority} -o /dev/null -T {} {url}{part} & ",
            file.display()
        )
        .unwrap();
    }
    command
}

#[test]
fn a_file_in_parts_survives_a_killed_server_and_is_what_was_sent() {
    let desk = Desk::new();
    let whole = content(PARTS * PART_BYTES);
    for (at, part) in whole.chunks(PART_BYTES).enumerate() {
        desk.file(&format!("part.{}", at + 1), part);
    }
    let link = desk.upload_link("in/large.bin", whole.len() as u64);
    let access = begin(&desk, &link);
    shell(&format!("{} wait", send(&desk, &access, &[1, 4, 7], "")));
    // More are on their way, slowly, when the server is killed.
    let slow = send(&desk, &access, &[2, 5], "--limit-rate 2M");
    let script = desk.file("slow.sh", format!("{slow} wait").as_bytes());
    let mut sending = std::process::Command::new("/bin/sh").arg(&script).spawn().unwrap();
    let arriving = |desk: &Desk| {
        crate::server_support::walk(&desk.home.data().join("files"))
            .iter()
            .any(|path| path.to_string_lossy().ends_with("#1"))
    };
    while !arriving(&desk) {
        std::thread::yield_now();
    }
    let desk = desk.again(|_| {});
    sending.wait().unwrap();
    let there = |desk: &Desk| {
        let told = desk.follow(&desk.url(&access), "").json();
        told.as_array()
            .unwrap()
            .iter()
            .map(|part| part["partNumber"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(there(&desk), [1, 4, 7], "what was answered is there, and nothing else");
    assert_eq!(desk.names(), Vec::<String>::new());
    let early = desk.follow(&desk.url(&access), "-X POST");
    assert_eq!(
        (early.status, oci_code(&early).as_str()),
        (400, "IncompleteBody"),
        "parts are missing"
    );
    shell(&format!("{} wait", send(&desk, &access, &[2, 3, 5, 6, 8], "")));
    assert_eq!(there(&desk), [1, 2, 3, 4, 5, 6, 7, 8]);
    let committed = desk.follow(&desk.url(&access), "-X POST");
    assert_eq!(committed.status, 200, "{committed:?}");
    assert!(committed.header("opc-multipart-md5").unwrap().ends_with("-8"), "{committed:?}");
    assert_eq!(
        desk.follow(&desk.url(&access), "-X POST").status,
        200,
        "the answer may have been lost"
    );
    assert_eq!(desk.follow(&desk.url(&access), "").status, 403, "the link is used up");
    let read = desk.download_link("in/large.bin");
    assert!(desk.bytes(&read) == whole, "another file than was sent");
    let across = PART_BYTES - 5;
    let range = shell(&format!(
        "curl --silent --cacert {} -r {across}-{} '{read}' | sha256sum",
        desk.authority(),
        across + 9
    ));
    let want = desk.file("across", &whole[across..across + 10]);
    assert_eq!(
        range.split(' ').next(),
        shell(&format!("sha256sum {}", want.display())).split(' ').next()
    );
    let sum = desk.file("whole", &whole);
    let listed = desk.ask("/api/v1/files", "").json();
    assert_eq!(
        listed["files"][0]["sha256"].as_str(),
        shell(&format!("sha256sum {}", sum.display())).split(' ').next()
    );
}

#[test]
fn parts_can_be_replaced_left_out_and_given_up() {
    let desk = Desk::new();
    let (link, _) = desk.link(&serde_json::json!({ "access": "AnyObjectReadWrite", "name": "" }));
    let object = format!("{link}parts.txt");
    let access = desk.url(&begin(&desk, &object));
    let part = |number: u32, text: &str| {
        let file = desk.file("part", text.as_bytes());
        let answer = desk.follow(&format!("{access}{number}"), &format!("-T {}", file.display()));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.header("etag").unwrap().to_owned()
    };
    let (first, old) = (part(1, "one "), part(3, "old "));
    let (new, two) = (part(3, "three"), part(2, "two "));
    assert_ne!(old, new);
    let bad = desk.file("bad", b"x");
    let sum = desk.follow(
        &format!("{access}4"),
        &format!("-T {} -H 'Content-MD5: kAFQmDzST7DWlj99KOF/cg=='", bad.display()),
    );
    assert_eq!((sum.status, oci_code(&sum).as_str()), (400, "UnmatchedContentMD5"));
    for number in ["0", "10001", "x"] {
        assert_eq!(
            desk.follow(&format!("{access}{number}"), &format!("-T {}", bad.display())).status,
            400,
            "{number}"
        );
    }
    let commit = |body: &str| {
        desk.follow(&access, &format!("-X POST -H 'Content-Type: application/json' -d '{body}'"))
    };
    let stale = commit(&format!(
        r#"{{"partsToCommit":[{{"partNum":1,"etag":"{first}"}},{{"partNum":3,"etag":"{old}"}}]}}"#
    ));
    assert_eq!((stale.status, oci_code(&stale).as_str()), (400, "InvalidParameter"));
    assert_eq!(commit("{").status, 400);
    assert_eq!(commit(r#"{"partsToCommit":[{"partNum":9}]}"#).status, 400);
    let good = commit(&format!(
        r#"{{"partsToCommit":[{{"partNum":3,"etag":"{new}"}},{{"partNum":1,"etag":"{first}"}}]}}"#
    ));
    assert_eq!(good.status, 200, "{good:?} {two}");
    assert_eq!(desk.bytes(&object), b"one three");
    let gone = desk.follow(&format!("{access}1"), &format!("-T {}", bad.display()));
    assert_eq!((gone.status, oci_code(&gone).as_str()), (404, "NoSuchUpload"));

    let access = desk.url(&begin(&desk, &object));
    let put = desk.follow(&format!("{access}1"), &format!("-T {}", bad.display()));
    assert_eq!(put.status, 200);
    assert_eq!(desk.follow(&access, "-X DELETE").status, 204);
    assert_eq!(desk.follow(&access, "-X POST").status, 404);
    let empty = desk.url(&begin(&desk, &object));
    assert_eq!(desk.follow(&empty, "-X POST").status, 400, "a file of no parts");
    assert_eq!(desk.bytes(&object), b"one three", "what was there before");
    let other = access.replace("/id/", "/id/0");
    assert_eq!(desk.follow(&other, "").status, 404);
    let foreign = desk.upload_link("parts.txt", 1);
    let through = foreign.replace("/o/parts.txt", empty.split_once("WS001").unwrap().1);
    assert_eq!(desk.follow(&through, "").status, 404, "an upload belongs to its link");
}
