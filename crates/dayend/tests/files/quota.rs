//! What a tenant may have, and what stays free.

use crate::desk::{Desk, content, oci_code};
use std::time::{Duration, Instant};

#[test]
fn a_tenant_has_so_many_bytes_and_files_and_no_more() {
    let desk = Desk::with("tenant_bytes = 1000\ntenant_files = 3\nfile_bytes = 900");
    let send = |name: &str, bytes: usize, more: &str| {
        let file = desk.file("x", &content(bytes));
        desk.ask(&format!("/api/v1/files/{name}"), &format!("-T {} {more}", file.display()))
    };
    let code = |answer: &crate::outside::curl::Answer| (answer.status, answer.text("code"));
    let full = (507, "insufficient-storage".to_owned());
    assert_eq!(code(&send("huge", 901, "")), (413, "body-too-large".to_owned()));
    assert_eq!(desk.par_url("huge", "901").status, 413);
    assert_eq!(send("a", 600, "").status, 200);
    assert_eq!(code(&send("b", 401, "")), full);
    assert_eq!(code(&send("b", 401, "-H 'Transfer-Encoding: chunked'")), full);
    assert_eq!(send("b", 400, "").status, 200);
    assert_eq!(code(&send("c", 1, "")), full);
    // A file that is replaced counts until the new one is there.
    assert_eq!(code(&send("a", 600, "")), full);
    let by_link = desk.follow(
        &desk.upload_link("d", 5),
        &format!("-T {}", desk.file("five", b"12345").display()),
    );
    assert_eq!((by_link.status, oci_code(&by_link).as_str()), (400, "QuotaExceeded"));
    assert_eq!(desk.ask("/api/v1/files/b", "-X DELETE").status, 204);
    assert_eq!(send("c", 400, "").status, 200);
    assert_eq!(desk.names(), ["a", "c"]);
    assert_eq!(desk.ask("/api/v1/files/c", "-X DELETE").status, 204);
    for name in ["1", "2"] {
        assert_eq!(send(name, 0, "").status, 200, "{name}");
    }
    assert_eq!(code(&send("3", 0, "")), full, "three files are there");
    // The count is made anew by the next server.
    let desk = desk.again(|_| {});
    let file = desk.file("x", &content(401));
    let answer = desk.ask("/api/v1/files/1", &format!("-T {}", file.display()));
    assert_eq!(answer.status, 507, "{answer:?}");
    assert_eq!(desk.names(), ["1", "2", "a"]);
}

#[test]
fn files_leave_room_on_the_disk_for_everything_else() {
    let desk = Desk::with("keep_free_bytes = 9223372036854775807");
    let link = desk.upload_link("a", 1);
    let answer = desk.follow(&link, &format!("-T {}", desk.file("x", b"x").display()));
    assert_eq!((answer.status, oci_code(&answer).as_str()), (507, "InsufficientStorage"));
    assert_eq!((desk.names().len(), desk.blobs()), (0, 0));
}

#[test]
fn the_files_of_a_tenant_move_no_faster_than_they_may() {
    let desk = Desk::with("tenant_bytes_per_s = 1048576");
    let sent = content(5 << 19);
    let begun = Instant::now();
    desk.put("a", &sent);
    // Two and a half seconds' worth, of which one had been saved up.
    assert!(begun.elapsed() > Duration::from_secs(1), "{:?}", begun.elapsed());
    let link = desk.download_link("a");
    let begun = Instant::now();
    assert!(desk.bytes(&link) == sent);
    assert!(begun.elapsed() > Duration::from_secs(1), "{:?}", begun.elapsed());
}
