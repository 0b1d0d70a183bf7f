//! Clients that nobody here wrote.

use crate::house::{ANNA, House, PASSWORD};
use dayend_testkit::python;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// `./test.sh` builds it.
const RELYING_PARTY: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/interop/debug/openidconnect-client");

#[test]
fn authlib_goes_through_discovery_code_refresh_introspection_and_revocation() {
    let house = House::open();
    let mut command = Command::new(python::interpreter());
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/security/authlib_client.py"));
    let saw = saw(&house, command);
    let want = json!({
        "issuer": house.server.base_url, "subject": ANNA, "same_subject": true, "rotated": true,
        "active": true, "revoked": 200, "active_after": false,
    });
    assert_eq!(saw, want);
}

#[test]
fn the_openidconnect_crate_goes_through_discovery_code_refresh_introspection_and_revocation() {
    let program = Path::new(RELYING_PARTY);
    assert!(program.exists(), "{RELYING_PARTY} is missing: build it with `./test.sh interop`");
    let house = House::open();
    let saw = saw(&house, Command::new(program));
    let want = json!({
        "issuer": house.server.base_url, "subject": ANNA, "bound": true, "same_subject": true, "rotated": true,
        "active": true, "active_after": false,
    });
    assert_eq!(saw, want);
}

/// What a client prints that is told where the server is, and who logs in.
fn saw(house: &House, mut command: Command) -> Value {
    let base = house.server.base_url.as_str();
    command.args([base, &house.home.get("ca_file"), "web", house.web().secret, ANNA, PASSWORD]);
    let said = command.env_clear().output().unwrap();
    let complaints = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{complaints}");
    serde_json::from_slice(&said.stdout).unwrap()
}
