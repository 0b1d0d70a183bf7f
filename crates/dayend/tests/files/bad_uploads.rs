//! Uploads that are not what was announced, or that have names that nobody should have.

use crate::desk::{Desk, content, oci_code};
use crate::outside::curl::shell;
use std::fs;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

#[test]
fn a_file_that_is_not_what_was_announced_is_refused_and_nothing_of_it_is_seen() {
    let desk = Desk::new();
    let link = desk.upload_link("exact.bin", 1000);
    let file = |name: &str, bytes: usize| format!("{}", desk.file(name, &content(bytes)).display());
    let (less, right, more) = (file("less", 999), file("right", 1000), file("more", 1001));
    let much = file("much", 3_000_000);
    let wrong_md5 = "Content-MD5: kAFQmDzST7DWlj99KOF/cg==";
    let wrong_sha =
        "opc-content-sha256: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    #[rustfmt::skip]
    let cases = [
        ("one byte less",          format!("-T {less}"),                                       400, "IncompleteBody"),
        ("nothing",                "-X PUT".to_owned(),                                        400, "IncompleteBody"),
        ("one byte more",          format!("-T {more}"),                                       413, "RequestEntityTooLarge"),
        ("much more",              format!("-T {much}"),                                       413, "RequestEntityTooLarge"),
        ("much more, in chunks",   format!("-T {much} -H 'Transfer-Encoding: chunked'"),       413, "RequestEntityTooLarge"),
        ("much more, unasked",     format!("-T {much} -H 'Expect:'"),                          413, "RequestEntityTooLarge"),
        ("less, in chunks",        format!("-T {less} -H 'Transfer-Encoding: chunked'"),       400, "IncompleteBody"),
        ("another MD5 sum",        format!("-T {right} -H '{wrong_md5}'"),                     400, "UnmatchedContentMD5"),
        ("another SHA-256 sum",    format!("-T {right} -H '{wrong_sha}'"),                     400, "UnmatchedContentSHA256"),
        ("no MD5 sum",             format!("-T {right} -H 'Content-MD5: abc'"),                400, "InvalidParameter"),
        ("no SHA-256 sum",         format!("-T {right} -H 'opc-content-sha256: abc'"),         400, "InvalidParameter"),
        ("another file to match",  format!("-T {right} -H 'If-Match: abc'"),                   412, "NoEtagMatch"),
        ("metadata without end",   format!("-T {right} -H 'opc-meta-a: {}'", "x".repeat(4001)), 400, "InvalidParameter"),
    ];
    for (what, more, status, code) in cases {
        let answer = desk.follow(&link, &more);
        assert_eq!(
            (answer.status, oci_code(&answer).as_str()),
            (status, code),
            "{what}: {answer:?}"
        );
        assert_eq!(desk.names(), Vec::<String>::new(), "{what}");
        assert_eq!(desk.blobs(), 0, "{what}: nothing is left of it");
    }
    let md5 = shell(&format!("openssl dgst -md5 -binary {right} | base64")).trim().to_owned();
    let sha = shell(&format!("sha256sum {right}")).split(' ').next().unwrap().to_owned();
    let good = format!(
        "-T {right} -H 'Transfer-Encoding: chunked' -H 'Content-MD5: {md5}' -H 'opc-content-sha256: {sha}'"
    );
    let answer = desk.follow(&link, &good);
    assert_eq!(
        (answer.status, answer.header("opc-content-md5")),
        (200, Some(md5.as_str())),
        "{answer:?}"
    );
    assert_eq!(desk.names(), ["exact.bin"]);
}

#[test]
fn if_none_match_stores_a_file_only_where_there_is_none() {
    let desk = Desk::new();
    let (link, _) =
        desk.link(&serde_json::json!({ "access": "AnyObjectReadWrite", "name": "in/" }));
    let file = desk.file("x", b"first");
    let put = format!("-T {} -H 'If-None-Match: *'", file.display());
    assert_eq!(desk.follow(&format!("{link}in/a"), &put).status, 200);
    let again = desk.follow(&format!("{link}in/a"), &put);
    assert_eq!((again.status, oci_code(&again).as_str()), (412, "NoEtagMatch"));
    assert_eq!(
        desk.follow(&format!("{link}in/a"), &format!("-T {}", file.display())).status,
        200,
        "links to any object may replace"
    );
}

/// As they would stand in JSON, and in a URL (empty: they cannot).
#[rustfmt::skip]
const HOSTILE: &[(&str, &str, &str)] = &[
    ("a way up",               r"../x",                   "..%2Fx"),
    ("a way up, deeper",       r"in/../../x",             "in%2F..%2F..%2Fx"),
    ("a way up for Windows",   r"..\\x",                  "..%5Cx"),
    ("an absolute path",       r"/etc/passwd",            "%2Fetc%2Fpasswd"),
    ("a drive",                r"C:x",                    "C%3Ax"),
    ("an encoded way up",      r"%2e%2e%2fx",             "%252e%252e%252fx"),
    ("twice encoded",          r"%252e%252e%252fx",       "%25252e%25252e%25252fx"),
    ("overlong UTF-8",         r"%c0%ae%c0%ae/x",         "%c0%ae%c0%ae%2Fx"),
    ("a NUL",                  r"a\u0000b",               "a%00b"),
    ("a dot at the end",       r"a.",                     "a."),
    ("a blank at the end",     r"a ",                     "a%20"),
    ("the name of a device",   r"CON",                    "CON"),
    ("a device with a type",   r"nul.txt",                "nul.txt"),
    ("an option",              r"-rf",                    "-rf"),
    ("two lines",              r"a\nb",                   "a%0Ab"),
    ("a header",               r"a\r\nSet-Cookie: x=y",   "a%0D%0ASet-Cookie:%20x=y"),
    ("right to left",          r"a\u202Efdp.exe",         "a%E2%80%AEfdp.exe"),
    ("invisible",              r"a\u200Bb",               "a%E2%80%8Bb"),
    ("nothing",                r"",                       ""),
    ("an empty part",          r"a//b",                   "a%2F%2Fb"),
    ("a wildcard",             r"*.csv",                  "%2A.csv"),
];

#[test]
fn every_hostile_name_is_refused_wherever_it_comes_from() {
    let desk = Desk::new();
    let (any, _) = desk
        .link(&serde_json::json!({ "access": "AnyObjectReadWrite", "name": "", "listing": true }));
    let file = desk.file("x", b"x");
    let before = fs::read_dir("/etc").unwrap().count();
    for (what, in_json, in_url) in HOSTILE {
        let body = desk.file(
            "names.json",
            format!(r#"{{"type":"files","data":[{{"fileName":"{in_json}","fileSize":1}}]}}"#)
                .as_bytes(),
        );
        let json = format!("-H 'Content-Type: application/json' --data-binary @{}", body.display());
        let answer = desk.ask(&format!("/{}/dsa/utils/getObjStoreParUrl", desk.tenant()), &json);
        assert_eq!(
            (answer.status, answer.text("statusCode").as_str()),
            (400, "-4"),
            "{what}: {answer:?}"
        );
        if in_url.is_empty() {
            continue;
        }
        let put = format!("--path-as-is -T {}", file.display());
        let answer = desk.follow(&format!("{any}{in_url}"), &put);
        assert_eq!(
            (answer.status, oci_code(&answer).as_str()),
            (400, "InvalidObjectName"),
            "{what}: {answer:?}"
        );
        let answer = desk.ask(&format!("/api/v1/files/{in_url}"), &put);
        assert_eq!(answer.status, 400, "{what}: {answer:?}");
    }
    let long = "x".repeat(10 * 1024);
    assert_eq!(desk.par_url(&long, "1").status, 400);
    assert_eq!(desk.follow(&format!("{any}{long}"), &format!("-T {}", file.display())).status, 414);
    assert_eq!(desk.names(), Vec::<String>::new());
    assert_eq!((desk.blobs(), fs::read_dir("/etc").unwrap().count()), (0, before));
}

#[test]
fn an_upload_that_breaks_off_leaves_nothing_to_be_seen() {
    let desk = Desk::new();
    let link = desk.upload_link("big.bin", 20_000_000);
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--cacert", &desk.authority(), "-T", "-", "-H", "Expect:", &link]);
    let mut sending =
        curl.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut pipe = sending.stdin.take().unwrap();
    pipe.write_all(&content(5_000_000)).unwrap();
    assert_eq!(desk.names(), Vec::<String>::new(), "it is not there before it is whole");
    sending.kill().unwrap();
    sending.wait().unwrap();
    drop(pipe);
    assert_eq!(desk.names(), Vec::<String>::new());
    // The link is as good as before.
    let whole = desk.file("whole", &content(20_000_000));
    assert_eq!(desk.follow(&link, &format!("-T {}", whole.display())).status, 200);
    assert_eq!(desk.bytes(&desk.download_link("big.bin")), content(20_000_000));
}

#[test]
fn a_server_killed_in_the_middle_of_an_upload_has_not_half_a_file() {
    let desk = Desk::new();
    desk.put("kept.bin", b"kept");
    let link = desk.upload_link("kept.bin", 20_000_000);
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--cacert", &desk.authority(), "-T", "-", "-H", "Expect:", &link]);
    let mut sending =
        curl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut pipe = sending.stdin.take().unwrap();
    pipe.write_all(&content(5_000_000)).unwrap();
    let path = link.strip_prefix(&desk.server.base_url).unwrap().to_owned();
    let desk = desk.again(|_| {});
    drop(pipe);
    let mut said = String::new();
    sending.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(!sending.wait().unwrap().success(), "{said}");
    assert_eq!(
        desk.bytes(&desk.download_link("kept.bin")),
        b"kept",
        "what was there is still there"
    );
    let whole = desk.file("whole", &content(20_000_000));
    assert_eq!(desk.follow(&desk.url(&path), &format!("-T {}", whole.display())).status, 200);
    assert_eq!(desk.bytes(&desk.download_link("kept.bin")), content(20_000_000));
}
