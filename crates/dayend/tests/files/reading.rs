//! Reading files: ranges, conditions, other headers, lists.

use crate::desk::{Desk, content, oci_code};
use crate::outside::curl::shell;
use serde_json::json;

#[test]
fn a_file_is_read_whole_in_part_or_not_at_all() {
    let desk = Desk::new();
    let bytes = content(600_000);
    desk.put("in/rates.bin", &bytes);
    let link = desk.download_link("in/rates.bin");
    let head = desk.follow(&link, "-I");
    assert_eq!((head.status, head.header("content-length")), (200, Some("600000")), "{head:?}");
    assert_eq!((head.header("accept-ranges"), head.body.as_str()), (Some("bytes"), ""));
    let etag = head.header("etag").unwrap().to_owned();
    assert_eq!(desk.bytes(&link), bytes);
    let part = |range: &str| {
        let file = desk.scratch().join("part");
        let answer = desk.follow(&link, &format!("-r {range} -D - -o {}", file.display()));
        (
            answer.status,
            answer.header("content-range").unwrap_or_default().to_owned(),
            std::fs::read(file).unwrap(),
        )
    };
    for (range, want, from, to) in [
        ("0-0", "bytes 0-0/600000", 0, 1),
        ("262140-262150", "bytes 262140-262150/600000", 262_140, 262_151),
        ("599990-", "bytes 599990-599999/600000", 599_990, 600_000),
        ("-5", "bytes 599995-599999/600000", 599_995, 600_000),
    ] {
        let (status, range_told, got) = part(range);
        // `-i` writes the head into the file as well.
        assert_eq!((status, range_told.as_str()), (206, want), "{range}");
        assert!(got.ends_with(&bytes[from..to]), "{range}");
    }
    let beyond = desk.follow(&link, "-r 600000-");
    assert_eq!((beyond.status, oci_code(&beyond).as_str()), (416, "InvalidRange"));
    assert_eq!(beyond.header("content-range"), Some("bytes */600000"));
    assert_eq!(desk.follow(&link, &format!("-I -H 'If-None-Match: {etag}'")).status, 304);
    assert_eq!(desk.follow(&link, &format!("-I -H 'If-None-Match: \"{etag}\"'")).status, 304);
    assert_eq!(desk.follow(&link, "-I -H 'If-None-Match: other'").status, 200);
    assert_eq!(desk.follow(&link, &format!("-I -H 'If-Match: {etag}'")).status, 200);
    let other = desk.follow(&link, "-H 'If-Match: other'");
    assert_eq!((other.status, oci_code(&other).as_str()), (412, "IfMatchFailed"));
    assert_eq!(
        desk.follow(&link, "-I -r 0-9 -H 'If-Range: other'").status,
        200,
        "meant for another version"
    );
    assert_eq!(desk.follow(&link, &format!("-I -r 0-9 -H 'If-Range: {etag}'")).status, 206);
}

#[test]
fn a_file_is_handed_to_be_saved_whatever_it_is_and_whatever_the_url_says() {
    let desk = Desk::new();
    let page = desk.file("page", b"<script>alert(1)</script>");
    let stored = desk.ask(
        "/api/v1/files/page.html",
        &format!("-T {} -H 'Content-Type: text/html' -H 'opc-meta-source: ecb'", page.display()),
    );
    assert_eq!(stored.status, 200, "{stored:?}");
    let link = desk.download_link("page.html");
    let headers = |more: &str| {
        let answer = desk.follow(&format!("{link}{more}"), "-I");
        assert_eq!(answer.status, 200, "{more}: {answer:?}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{more}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{more}");
        assert!(
            answer
                .header("content-security-policy")
                .unwrap()
                .starts_with("sandbox; default-src 'none'"),
            "{more}"
        );
        assert!(answer.header("set-cookie").is_none(), "{more}");
        let told = |name: &str| answer.header(name).unwrap_or_default().to_owned();
        (
            told("content-disposition"),
            told("content-type"),
            told("cache-control"),
            told("opc-meta-source"),
        )
    };
    let own = r#"attachment; filename="page.html""#;
    let text = str::to_owned;
    let bytes = "application/octet-stream";
    assert_eq!(headers(""), (text(own), text(bytes), text("no-store"), text("ecb")));
    assert_eq!(headers("?httpResponseContentDisposition=inline").0, own);
    assert_eq!(headers("?httpResponseContentType=text%2Fhtml").1, bytes);
    assert_eq!(headers("?httpResponseContentType=text%2Fcsv").1, "text/csv");
    assert_eq!(
        headers("?httpResponseContentDisposition=ATTACHMENT%3B%20filename%3Dx.csv").0,
        "ATTACHMENT; filename=x.csv"
    );
    assert_eq!(
        headers("?httpResponseContentDisposition=attachment%3B%20filename%3Dx%0D%0ASet-Cookie%3Ay")
            .0,
        own
    );
    assert_eq!(headers("?httpResponseCacheControl=max-age%3D60").2, "max-age=60");
}

#[test]
fn a_link_lists_what_it_is_good_for_and_only_if_it_was_made_to() {
    let desk = Desk::new();
    for name in ["in/a.csv", "in/b.csv", "in/c.csv", "out/d.csv"] {
        desk.put(name, name.as_bytes());
    }
    let (lists, _) =
        desk.link(&json!({ "access": "AnyObjectRead", "name": "in/", "listing": true }));
    let (silent, _) = desk.link(&json!({ "access": "AnyObjectRead", "name": "in/" }));
    let names = |query: &str| {
        let told = desk.follow(&format!("{lists}{query}"), "").json();
        let names: Vec<String> = told["objects"]
            .as_array()
            .unwrap()
            .iter()
            .map(|object| object["name"].as_str().unwrap().to_owned())
            .collect();
        (names.join(" "), told["nextStartWith"].as_str().unwrap_or_default().to_owned())
    };
    let some = |names: &str, next: &str| (names.to_owned(), next.to_owned());
    assert_eq!(names(""), some("in/a.csv in/b.csv in/c.csv", ""));
    assert_eq!(names("?limit=2"), some("in/a.csv in/b.csv", "in/c.csv"));
    assert_eq!(names("?start=in/b.csv"), some("in/b.csv in/c.csv", ""));
    assert_eq!(names("?prefix=in/c"), some("in/c.csv", ""));
    assert_eq!(names("?prefix=out/"), some("", ""), "not what the link is good for");
    let fields = desk
        .follow(&format!("{lists}?fields=%22name,size,md5,etag,timeCreated%22&limit=1"), "")
        .json();
    assert_eq!(fields["objects"][0]["size"], 8);
    assert!(
        fields["objects"][0]["etag"].is_string() && fields["objects"][0]["timeModified"].is_null()
    );
    let refused = desk.follow(&silent, "");
    assert_eq!((refused.status, oci_code(&refused).as_str()), (403, "NotAuthorizedOrNotFound"));
    assert_eq!(desk.bytes(&format!("{silent}in/b.csv")), b"in/b.csv");
    assert_eq!(desk.follow(&format!("{silent}out/d.csv"), "").status, 403);
    let gone = desk.follow(&format!("{silent}in/nothing"), "");
    assert_eq!((gone.status, oci_code(&gone).as_str()), (404, "ObjectNotFound"));
    let preflight = desk.follow(
        &silent,
        "-X OPTIONS -H 'Origin: https://bank.example' -H 'Access-Control-Request-Method: GET'",
    );
    assert_eq!(
        (preflight.status, preflight.header("access-control-allow-origin")),
        (204, Some("*"))
    );
}

#[test]
fn an_archive_is_a_file_like_any_other_and_is_never_unpacked() {
    let desk = Desk::new();
    let archive = desk.scratch().join("night.zip");
    shell(&format!(
        "python3 -c \"import zipfile; zipfile.ZipFile('{}', 'w').writestr('../../evil', 'x' * 100000)\"",
        archive.display()
    ));
    let bytes = std::fs::read(&archive).unwrap();
    desk.put("night.zip", &bytes);
    assert_eq!(desk.names(), ["night.zip"]);
    assert!(desk.bytes(&desk.download_link("night.zip")) == bytes);
    let found = shell(&format!("find '{}' -name '*evil*'", desk.home.data().display()));
    assert_eq!(found, "");
}
