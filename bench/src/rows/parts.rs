//! A large file in parts, several at a time, and SIGKILL in the middle.

use super::transfer::{GROWTH_MIB, fill, link};
use crate::bank::Bank;
use crate::processor::memory_mib;
use crate::report::{Figure, Report, Unit};
use crate::settings::{Settings, Store};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

const MIB: usize = 1024;
const MIB_QUICK: usize = 128;
const PARTS: usize = 64;
const AT_ONCE: usize = 8;
const NAME: &str = "in/parts.bin";

/// What `curl` sends, and where.
struct Sender {
    ca: PathBuf,
    place: PathBuf,
    /// The path below which parts go.
    access: String,
}

/// A file of 1 GiB in 64 parts, eight at a time; the server is killed when half of them are there.
pub(crate) async fn measure(settings: &Settings, store: Store, report: &mut Report) -> Result<()> {
    let mib = settings.count(MIB, MIB_QUICK);
    let mut bank = Bank::open(settings, store)?;
    let place = tempfile::tempdir_in(bank.server.data())?;
    let whole = place.path().join("whole");
    fill(&whole, mib)?;
    split(&whole, place.path(), mib / PARTS)?;
    let size = json!({ "access": "ObjectWrite", "name": NAME, "sizeBytes": mib << 20 });
    let url = link(&bank, &size).await?;
    let ca = PathBuf::from(bank.server.profile("ca_file")?);
    let begun = curl(&ca, &["-X", "PUT", "-H", "opc-multipart: true", &url])?;
    let begun: Value = serde_json::from_str(&begun)?;
    let access = begun.get("accessUri").and_then(Value::as_str).context("no accessUri")?.to_owned();
    let sender = Sender { ca, place: place.path().to_owned(), access };

    let all: BTreeSet<usize> = (1..=PARTS).collect();
    let start = Instant::now();
    let mut sending = sender.send(&bank.server.base_url, &all)?;
    while sender.there(&bank.server.base_url)?.len() < PARTS / 2 {
        ensure!(sending.try_wait()?.is_none(), "the parts came faster than they could be counted");
    }
    bank.server.kill()?;
    sending.wait()?;
    bank.server.start_again()?;
    let before = memory_mib(bank.server.pid(), "VmRSS")?;
    let there = sender.there(&bank.server.base_url)?;
    let left: BTreeSet<usize> = all.difference(&there).copied().collect();
    let sent = sender.send(&bank.server.base_url, &left)?.wait()?;
    ensure!(sent.success() || left.is_empty(), "a part was refused");
    let joining = Instant::now();
    let access = format!("{}{}", bank.server.base_url, sender.access);
    curl(&sender.ca, &["-X", "POST", &access])?;
    let (took, joined) = (start.elapsed(), joining.elapsed());
    let growth = memory_mib(bank.server.pid(), "VmHWM")? - before;
    same(&bank, &sender.ca, &whole).await?;

    let name = format!("upload of {mib} MiB in {PARTS} parts, {AT_ONCE} at once, with a kill, MiB");
    let rate = f64::from(u32::try_from(mib)?) / took.as_secs_f64();
    let note = format!(
        "{} parts survived; new server included; put together in {:.1} s",
        there.len(),
        joined.as_secs_f64()
    );
    report.add(Some(store), Figure::new(&name, rate, Unit::PerSecond).note(&note));
    let what = "memory that the second server grew by meanwhile";
    let figure = Figure::new(what, growth, Unit::Mebibytes).at_most(GROWTH_MIB).diskless();
    report.add(Some(store), figure);
    Ok(())
}

impl Sender {
    /// Begins to send parts; it succeeds when all of them were taken.
    fn send(&self, base_url: &str, parts: &BTreeSet<usize>) -> Result<Child> {
        let (ca, mut list) = (self.ca.display(), String::new());
        for part in parts {
            let file = self.place.join(format!("part.{:04}", part - 1));
            let url = format!("{base_url}{}{part}", self.access);
            write!(
                list,
                "{}cacert = \"{ca}\"\nurl = \"{url}\"\nupload-file = \"{}\"\noutput = \"/dev/null\"\nfail\nsilent\n",
                if list.is_empty() { "" } else { "next\n" },
                file.display()
            )?;
        }
        let config = self.place.join("list");
        fs::write(&config, list)?;
        let mut curl = Command::new("curl");
        curl.args(["--parallel", "--parallel-max", &AT_ONCE.to_string(), "-K"]).arg(config);
        Ok(curl.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
    }

    /// The parts that are there.
    fn there(&self, base_url: &str) -> Result<BTreeSet<usize>> {
        let told = curl(&self.ca, &[&format!("{base_url}{}", self.access)])?;
        let told: Vec<Value> = serde_json::from_str(&told)?;
        let number = |part: &Value| part.get("partNumber").and_then(Value::as_u64);
        Ok(told.iter().filter_map(number).filter_map(|part| usize::try_from(part).ok()).collect())
    }
}

/// What is fetched is what was sent.
async fn same(bank: &Bank, ca: &Path, whole: &Path) -> Result<()> {
    let url = link(bank, &json!({ "access": "ObjectRead", "name": NAME })).await?;
    let mut fetching = Command::new("curl");
    fetching.args(["--silent", "--fail", "--cacert"]).arg(ca).arg(url).stdout(Stdio::piped());
    let mut fetching = fetching.spawn()?;
    let fetched = fetching.stdout.take().context("it was asked for")?;
    let compared = Command::new("cmp").arg(whole).arg("-").stdin(fetched).output()?;
    ensure!(fetching.wait()?.success() && compared.status.success(), "another file came back");
    Ok(())
}

fn split(whole: &Path, place: &Path, part_mib: usize) -> Result<()> {
    let mut split = Command::new("split");
    split.args(["-d", "-a", "4", "-b", &format!("{part_mib}M")]).arg(whole);
    ensure!(split.arg(place.join("part.")).status()?.success(), "the file could not be split");
    Ok(())
}

/// What it printed; there must be success.
fn curl(ca: &Path, arguments: &[&str]) -> Result<String> {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail", "--cacert"]).arg(ca).args(arguments);
    let output = curl.output()?;
    ensure!(output.status.success(), "curl: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}
