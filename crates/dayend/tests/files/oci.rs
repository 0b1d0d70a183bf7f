//! Links with clients of OCI's object storage that nobody here wrote: Oracle's SDK, and `requests`.

use crate::desk::{Desk, content};
use dayend_testkit::python;
use serde_json::json;
use std::process::Command;

#[test]
fn clients_of_ocis_object_storage_put_get_list_and_send_parts() {
    let desk = Desk::new();
    let (any, _) =
        desk.link(&json!({ "access": "AnyObjectReadWrite", "name": "in/", "listing": true }));
    let large = content(12_000_001);
    let once = desk.upload_link("in/large.bin", large.len() as u64);
    let output = Command::new(python::interpreter())
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files/oci_client.py"))
        .args([&desk.authority(), &any, &once])
        .arg(desk.file("large.bin", &large))
        .env_clear()
        .env("HOME", desk.scratch())
        .output()
        .unwrap();
    let (said, mistakes) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{mistakes}");
    assert_eq!(said, "all is as it should be\n");
    assert!(desk.bytes(&desk.download_link("in/large.bin")) == large);
}
