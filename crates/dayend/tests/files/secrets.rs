//! Where the secret of a link is not.

use crate::desk::Desk;
use crate::server_support::{Home, dayend, run, walk};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

#[test]
fn no_secret_of_a_link_stands_in_the_log_the_audit_the_database_or_an_error() {
    let home = Home::initialised();
    let log = home.data().parent().unwrap().join("log");
    let mut serve = dayend(&["serve", "--data", home.text(), "--listen", "127.0.0.1:0"]);
    serve
        .env("DAYEND_LOG_LEVEL", "trace")
        .stdout(Stdio::piped())
        .stderr(File::create(&log).unwrap());
    let mut server = serve.spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let url = ready.trim_end().strip_prefix("dayend is ready at ").unwrap().to_owned();
    let profile = home.data().join("profile.json");
    let token = {
        let (id, secret, ca) =
            (home.get("client_id"), home.get("client_secret"), home.get("ca_file"));
        crate::outside::curl::curl(&format!("curl -i --silent --cacert {ca} -u {id}:{secret} {url}/oauth2/v1/token -d grant_type=client_credentials")).text("access_token")
    };
    let curl = format!("curl -i --silent --show-error --cacert {}", home.get("ca_file"));
    let made = crate::outside::curl::curl(&format!(
        "{curl} -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' {url}/api/v1/file-links -d '{{\"access\":\"AnyObjectReadWrite\",\"name\":\"in/\",\"listing\":true}}'"
    ));
    let link = made.text("url");
    let secret = link.split('/').nth(4).unwrap().to_owned();
    assert_eq!(secret.len(), 64);
    for more in [
        "",
        "in/nothing",
        "in/../x",
        "%ff",
        "in/a -X PUT -d x",
        "in/a",
        "in/a -X BREW",
        "in/a -X PUT -H opc-multipart:true -H Content-MD5:x",
        "in/a -X PUT -H opc-multipart:true",
    ] {
        let answer = crate::outside::curl::curl(&format!("{curl} --path-as-is {link}{more}"));
        let is_upload = more.contains("opc-multipart") && answer.status == 200;
        assert!(is_upload || !answer.body.contains(&secret), "{more}: {answer:?}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{more}");
    }
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&server),
        rustix::process::Signal::TERM,
    )
    .unwrap();
    assert!(server.wait().unwrap().success());
    let said = fs::read_to_string(&log).unwrap();
    assert!(said.lines().count() > 1, "the log is written: {said}");
    assert!(!said.contains(&secret), "the secret stands in the log");
    let secret = secret.as_bytes();
    for path in walk(&home.data()).into_iter().filter(|path| path.is_file()) {
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{}", path.display());
    }
    assert!(run(&["audit", "verify", "--data", home.text()]).ok().ends_with("intact\n"));
    assert!(profile.exists());
}

#[test]
fn links_uploads_downloads_refusals_and_removals_are_in_the_audit() {
    let desk = Desk::new();
    let link = desk.upload_link("a.csv", 3);
    let (short, right) = (desk.file("short", b"x"), desk.file("right", b"abc"));
    assert_eq!(desk.follow(&link, &format!("-T {}", short.display())).status, 400);
    assert_eq!(desk.follow(&link, &format!("-T {}", right.display())).status, 200);
    assert_eq!(desk.follow(&link, "").status, 403);
    assert_eq!(desk.bytes(&desk.download_link("a.csv")), b"abc");
    assert_eq!(desk.ask("/api/v1/files/a.csv", "-X DELETE").status, 204);
    let database = desk.home.data().join("dayend.db");
    let events = crate::outside::curl::shell(&format!(
        "sqlite3 -readonly {} \"SELECT event || ' ' || actor FROM history WHERE event LIKE 'file%' ORDER BY seq\"",
        database.display()
    ));
    let who = format!("{}@{}", desk.home.get("user"), desk.home.get("client_id"));
    let want = [
        "file-link",
        "file-arriving",
        "file-upload-failed",
        "file-arriving",
        "file-upload",
        "file-refused",
        "file-link",
        "file-download",
        "file-delete",
    ];
    let want: Vec<String> = want
        .iter()
        .map(|event| {
            format!("{event} {}", if *event == "file-refused" { "anonymous" } else { &who })
        })
        .collect();
    assert_eq!(events.lines().collect::<Vec<_>>(), want);
    let sums = crate::outside::curl::shell(&format!(
        "sqlite3 -readonly {} \"SELECT count(*) FROM history WHERE event = 'file-upload' AND detail LIKE '%ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad%'\"",
        database.display()
    ));
    assert_eq!(sums.trim(), "1", "with the file's sum");
}
