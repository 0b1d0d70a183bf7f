//! Bytes in a bucket of an S3-compatible service: one that nobody here wrote.

use crate::desk::{Desk, content};
use crate::outside::curl::shell;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/python/bin");
const READY_WITHIN: Duration = Duration::from_mins(1);

/// The service; ended when it is dropped.
struct Service {
    child: Child,
    url: String,
}

impl Service {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let program = format!("{PYTHON}/moto_server");
        assert!(
            std::path::Path::new(&program).exists(),
            "run `./test.sh python`, which installs it"
        );
        let mut moto = Command::new(program);
        moto.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let child =
            moto.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let service = Self { child, url: format!("http://127.0.0.1:{port}") };
        let begun = Instant::now();
        let make =
            format!("curl --fail --silent -X PUT {}/night -o /dev/null || echo no", service.url);
        while shell(&make).contains("no") {
            assert!(begun.elapsed() < READY_WITHIN, "the service does not come up");
            std::thread::yield_now();
        }
        service
    }

    /// The keys of all objects.
    fn objects(&self) -> usize {
        shell(&format!("curl --fail --silent '{}/night?list-type=2'", self.url))
            .matches("<Key>")
            .count()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn bytes_can_live_in_a_bucket_and_nothing_else_changes() {
    let service = Service::start();
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "secret\n").unwrap();
    let desk = Desk::with(&format!(
        "bucket = \"night\"\nendpoint = \"{}\"\naccess_key = \"key\"\nsecret_key_file = \"{}\"\nprefix = \"dayend/test\"",
        service.url,
        secret.path().display()
    ));
    // More than one part of a bucket's upload.
    let large = content(20_000_003);
    for (name, bytes) in [("small.csv", content(100)), ("empty", Vec::new()), ("large.bin", large)]
    {
        let link = desk.upload_link(name, bytes.len() as u64);
        let file = desk.file("sent", &bytes);
        let answer = desk.follow(&link, &format!("-T {}", file.display()));
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
        let read = desk.download_link(name);
        assert!(desk.bytes(&read) == bytes, "{name}");
        if bytes.len() > 1000 {
            let (from, to) = (8_388_600, 8_388_620);
            let range = shell(&format!(
                "curl --silent --cacert {} -r {from}-{} '{read}' | sha256sum",
                desk.authority(),
                to - 1
            ));
            let want = desk.file("range", &bytes[from..to]);
            assert_eq!(
                range.split(' ').next(),
                shell(&format!("sha256sum {}", want.display())).split(' ').next()
            );
        }
    }
    assert_eq!((desk.blobs(), service.objects()), (0, 3));
    let wrong = desk.upload_link("wrong.bin", 10);
    let file = desk.file("sent", &content(10));
    let refused = desk.follow(
        &wrong,
        &format!("-T {} -H 'Content-MD5: kAFQmDzST7DWlj99KOF/cg=='", file.display()),
    );
    assert_eq!(refused.status, 400, "{refused:?}");
    assert_eq!(service.objects(), 3, "what was refused is not kept");
    assert_eq!(desk.ask("/api/v1/files/small.csv", "-X DELETE").status, 204);
    let begun = Instant::now();
    while service.objects() > 2 {
        assert!(begun.elapsed() < READY_WITHIN, "what was removed is still there");
        std::thread::yield_now();
    }
    assert_eq!(desk.names(), ["empty", "large.bin"]);
    drop(service);
    let link = desk.upload_link("later.bin", 10);
    let answer = desk.follow(&link, &format!("-T {}", file.display()));
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(desk.names(), ["empty", "large.bin"], "names are there without the bucket");
}
