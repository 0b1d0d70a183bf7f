//! A large file up and down over TLS, beside the same with `nginx`, a file server in C.

use crate::bank::Bank;
use crate::processor::memory_mib;
use crate::report::{Figure, Report, Unit};
use crate::settings::{Settings, Store};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

const NGINX: &str = "/usr/sbin/nginx";
const MIB: usize = 1024;
const MIB_QUICK: usize = 64;
pub(super) const GROWTH_MIB: f64 = 64.0;
const SHARE: f64 = 0.8;
const NAME: &str = "in/large.bin";

/// One file of 2 GiB, sent and fetched by `curl`: how fast, and what the server's memory grows by.
pub(crate) async fn measure(settings: &Settings, store: Store, report: &mut Report) -> Result<()> {
    let mib = 2 * settings.count(MIB, MIB_QUICK);
    let bank = Bank::open(settings, store)?;
    let place = tempfile::tempdir_in(bank.server.data())?;
    let file = place.path().join("large.bin");
    fill(&file, mib)?;
    let ca = PathBuf::from(bank.server.profile("ca_file")?);
    let nginx = Nginx::start(place.path(), &bank.server.data().join("tls"))?;
    let raw_up = put(&ca, &file, &nginx.url("large.bin"), mib)?;
    let raw_down = get(&ca, &nginx.url("large.bin"), mib)?;

    let size = json!({ "access": "ObjectWrite", "name": NAME, "sizeBytes": mib << 20 });
    let upload = link(&bank, &size).await?;
    let download = link(&bank, &json!({ "access": "ObjectRead", "name": NAME })).await?;
    let before = memory_mib(bank.server.pid(), "VmRSS")?;
    let up = put(&ca, &file, &upload, mib)?;
    let down = get(&ca, &download, mib)?;
    let growth = memory_mib(bank.server.pid(), "VmHWM")? - before;
    let raw =
        [put(&ca, &file, &nginx.url("again.bin"), mib)?, get(&ca, &nginx.url("again.bin"), mib)?];
    let raw_up = f64::midpoint(raw_up, raw.first().copied().unwrap_or(raw_up));
    let raw_down = f64::midpoint(raw_down, raw.last().copied().unwrap_or(raw_down));

    for (what, rate, raw) in [("upload", up, raw_up), ("download", down, raw_down)] {
        let name = format!("{what} of a file of {mib} MiB over TLS, MiB");
        let figure = Figure::new(&name, rate, Unit::PerSecond).beside(rate, raw, "nginx");
        report.add(Some(store), figure.at_least(SHARE * raw).only_if(!settings.quick));
    }
    let what = "memory that the server grew by meanwhile";
    report.add(
        Some(store),
        Figure::new(what, growth, Unit::Mebibytes).at_most(GROWTH_MIB).diskless(),
    );
    Ok(())
}

/// A URL that needs no token.
pub(super) async fn link(bank: &Bank, wanted: &Value) -> Result<String> {
    let caller = bank.caller().await?;
    let mut connection = caller.connect().await?;
    let answer = connection.exchange(&caller.post("/api/v1/file-links", wanted)).await?;
    let body: Value = serde_json::from_slice(&answer.body)?;
    let url = body.get("url").and_then(Value::as_str);
    Ok(url.with_context(|| format!("no link: {body}"))?.to_owned())
}

/// Bytes that no compression and no empty page makes smaller.
pub(super) fn fill(file: &Path, mib: usize) -> Result<()> {
    let mut to = File::create(file)?;
    let mut word = 0x2545_f491_4f6c_dd1d_u64;
    let mut piece = Vec::with_capacity(1 << 20);
    for _ in 0..mib {
        piece.clear();
        while piece.len() < 1 << 20 {
            word ^= word << 13;
            word ^= word >> 7;
            word ^= word << 17;
            piece.extend_from_slice(&word.to_le_bytes());
        }
        to.write_all(&piece)?;
    }
    to.sync_all()?;
    Ok(())
}

/// MiB a second of an upload.
fn put(ca: &Path, file: &Path, url: &str, mib: usize) -> Result<f64> {
    curl(ca, &["-T", &file.display().to_string(), url], mib)
}

/// MiB a second of a download.
fn get(ca: &Path, url: &str, mib: usize) -> Result<f64> {
    curl(ca, &[url], mib)
}

fn curl(ca: &Path, arguments: &[&str], mib: usize) -> Result<f64> {
    let begun = Instant::now();
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--fail", "-o", "/dev/null", "--cacert"])
        .arg(ca)
        .args(arguments)
        .output()
        .context("curl is needed")?;
    ensure!(output.status.success(), "curl: {}", String::from_utf8_lossy(&output.stderr));
    let mib = f64::from(u32::try_from(mib)?);
    Ok(mib / begun.elapsed().as_secs_f64())
}

/// A file server with the measured server's certificate; stopped in the end.
struct Nginx {
    child: Child,
    port: u16,
}

impl Nginx {
    fn start(place: &Path, tls: &Path) -> Result<Self> {
        ensure!(Path::new(NGINX).exists(), "{NGINX} is missing: install nginx");
        let (root, config) = (place.join("www"), place.join("nginx.conf"));
        fs::create_dir(&root)?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let (shown, tls) = (place.display(), tls.display());
        let text = format!(
            "user root; daemon off; pid {shown}/nginx.pid; error_log {shown}/nginx.log;\n\
             worker_processes auto; events {{}}\n\
             http {{ access_log off; sendfile on; client_max_body_size 0;\n\
             client_body_temp_path {shown}/body; proxy_temp_path {shown}/p; fastcgi_temp_path {shown}/f;\n\
             uwsgi_temp_path {shown}/u; scgi_temp_path {shown}/s;\n\
             server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {tls}/cert.pem; ssl_certificate_key {tls}/key.pem;\n\
             location / {{ root {shown}/www; dav_methods PUT; create_full_put_path on; }} }} }}\n"
        );
        fs::write(&config, text)?;
        let mut nginx = Command::new(NGINX);
        nginx.arg("-c").arg(&config).arg("-p").arg(place);
        let child = nginx.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let started = Self { child, port };
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(
                begun.elapsed().as_secs() < 10,
                "nginx does not answer: {shown}/nginx.log says why"
            );
            std::thread::yield_now();
        }
        Ok(started)
    }

    fn url(&self, name: &str) -> String {
        format!("https://127.0.0.1:{}/{name}", self.port)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // With TERM it takes its workers along; that fails only when it has ended already.
        if let Some(pid) = rustix::process::Pid::from_raw(self.child.id().cast_signed()) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.child.wait();
    }
}
