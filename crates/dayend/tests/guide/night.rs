//! The sample night on rates and positions that nobody has seen before; a program in another language says what must come out.

use crate::outside::chance::Chance;
use crate::outside::witness::{assert_nothing_ran_twice, starts};
use crate::server_support::run;
use crate::stage::{RATES, Stage};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/night");
const CALCULATOR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/guide/night.py");
/// The currencies that the night revalues.
const CURRENCIES: &str = "AUD BRL CAD CHF CNY CZK DKK GBP HKD HUF IDR ILS INR ISK JPY KRW MXN MYR NOK NZD PHP PLN RON SEK SGD \
     THB TRY USD ZAR";
/// Currencies of the bank's file that are not quoted any more.
const NOT_QUOTED: [&str; 4] = ["BGN", "CYP", "HRK", "RUB"];
/// Rates at which half cents are common.
const EVEN_RATES: [&str; 4] = ["2", "0.8", "16", "0.32"];
const DESKS: [&str; 5] = ["SPOT", "FORWARD", "SWAP", "TREASURY", "NOSTRO"];

/// A delivery made by chance.
struct Feed {
    directory: PathBuf,
    /// The positions as they are when the one mistyped amount is right.
    corrected: PathBuf,
    mistyped: String,
}

#[test]
fn a_night_on_random_rates_and_positions_comes_to_what_decimal_arithmetic_says() {
    let mut stage = Stage::new();
    stage.dayend(&["apply", EXAMPLE]);
    for night in 0..3 {
        let date = stage.date();
        let place = stage.scratch().join(format!("feed-{night}"));
        let feed = feed(&mut stage.chance, &place, &date);
        play(&stage, &feed, &date);
        let work = stage.home.data().join("work");
        let report = work.join("night").join(&date);
        let (csv, desks) = expected(&feed, &date);
        assert_eq!(fs::read_to_string(report.join("report.csv")).unwrap(), csv);
        let left = stage.dayend(&["files", "get", &format!("out/report-{date}.csv")]);
        assert_eq!(left, csv, "the report in the file exchange");
        let text = fs::read_to_string(report.join("report.txt")).unwrap();
        let total = csv.trim_end().rsplit(',').next().unwrap();
        assert!(text.trim_end().ends_with(&format!(" {total}")), "{total} is not in {text}");
        for (desk, value) in desks {
            let line = text.lines().find(|line| line.starts_with(&format!("{desk} ")));
            assert!(
                line.is_some_and(|line| line.ends_with(&format!(" {value}"))),
                "{desk}: {value}\n{text}"
            );
        }
        assert_nothing_ran_twice(&work.join("night/witness.log"));
        // Seven programs, and the check of the positions once more after the repair.
        assert_eq!(starts(&work.join("night/witness.log")).len(), 8 * (night + 1));
    }
}

/// Delivers the files, triggers the night with curl, sees it stop at the mistyped amount, repairs that, restarts.
fn play(stage: &Stage, feed: &Feed, date: &str) {
    for (file, name) in [("ecb-rates.csv", "rates"), ("positions.csv", "positions")] {
        let (file, name) = (feed.directory.join(file), format!("in/{name}-{date}.csv"));
        stage.dayend(&["files", "put", file.to_str().unwrap(), "--name", &name]);
    }
    let member = |batch: &str| {
        format!(r#"{{"batchName": "{batch}", "batchParams": {{"$FICMISDATE$": "{date}"}}}}"#)
    };
    let group = stage.accepted(
        "trigger",
        &format!(
            r#"{{"batchName": "EOD", "batchType": "group", "$FICMISDATE$": "{date}", "dynamicParamList": [{}, {}]}}"#,
            member("EOD_RATES"),
            member("EOD_POSITIONS")
        ),
    );
    assert_eq!(stage.ended(&group), "FAILED", "the mistyped amount must be found");
    let shown = stage.until(&group, |_| true);
    let member =
        shown["members"].as_array().unwrap().iter().find(|it| it["code"] == "EOD_POSITIONS");
    let positions = stage.until(member.unwrap()["runId"].as_str().unwrap(), |_| true);
    let message = positions["message"].as_str().unwrap();
    assert!(message.contains(&feed.mistyped), "{message} does not name {}", feed.mistyped);

    let work = stage.home.data().join("work");
    run(&["sample", "repair", "--work", work.to_str().unwrap(), "--mis-date", date]).ok();
    stage.accepted("restart", &format!(r#"{{"batchName": "EOD", "batchRunId": "{group}"}}"#));
    assert_eq!(stage.ended(&group), "SUCCESSFUL");
}

/// The report, and the values of the desks, as the independent program computes them.
fn expected(feed: &Feed, date: &str) -> (String, Vec<(String, String)>) {
    let mut python = Command::new("python3");
    python.arg(CALCULATOR).arg(feed.directory.join("ecb-rates.csv")).arg(&feed.corrected).arg(date);
    let output = python.output().expect("python3 is there");
    let (csv, desks) =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).into();
    assert!(output.status.success(), "{desks}");
    let desk = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        (fields[1].to_owned(), fields[2].to_owned())
    };
    (csv, desks.lines().map(desk).collect())
}

fn feed(chance: &mut Chance, directory: &Path, date: &str) -> Feed {
    fs::create_dir(directory).unwrap();
    fs::write(directory.join("ecb-rates.csv"), rates(chance, date)).unwrap();
    let (mut corrected, mut delivered) = (String::new(), String::new());
    let rows = 200 + chance.index(600);
    let (bad, mut mistyped) = (chance.index(rows), String::new());
    for text in [&mut corrected, &mut delivered] {
        text.push_str("position_id,desk,currency,amount\n");
    }
    let currencies: Vec<&str> = CURRENCIES.split_whitespace().collect();
    for row in 0..rows {
        let (desk, currency) = (chance.pick(&DESKS), chance.pick(&currencies));
        let start = format!("P{row:05},{desk},{currency},");
        let good =
            if row == bad { format!("{}.{:02}", 1 + chance.below(9), 40) } else { amount(chance) };
        let told = if row == bad { good.replace('0', "O") } else { good.clone() };
        writeln!(corrected, "{start}{good}").unwrap();
        writeln!(delivered, "{start}{told}").unwrap();
        if row == bad {
            mistyped = format!("P{row:05}");
        }
    }
    fs::write(directory.join("positions.csv"), delivered).unwrap();
    let beside = directory.join("positions.corrected.csv");
    fs::write(&beside, corrected).unwrap();
    Feed { directory: directory.to_owned(), corrected: beside, mistyped }
}

/// A history in the bank's own form: columns in any order, some days, the newest first.
fn rates(chance: &mut Chance, date: &str) -> String {
    let mut columns: Vec<&str> = CURRENCIES.split_whitespace().chain(NOT_QUOTED).collect();
    for last in (1..columns.len()).rev() {
        columns.swap(last, chance.index(last + 1));
    }
    let days = RATES.lines().skip(1).map(|row| &row[..10]);
    let mut text = format!("Date,{},\n", columns.join(","));
    for day in days.filter(|day| *day == date || chance.once_in(9)).collect::<Vec<_>>() {
        text.push_str(day);
        for column in &columns {
            let quoted = !NOT_QUOTED.contains(column);
            text.push(',');
            text.push_str(&if quoted { rate(chance) } else { "N/A".to_owned() });
        }
        text.push_str(",\n");
    }
    text
}

fn rate(chance: &mut Chance) -> String {
    if chance.once_in(4) {
        return (*chance.pick(&EVEN_RATES)).to_owned();
    }
    let whole = number(chance, 6);
    let decimals = 1 + chance.index(6);
    let fraction = 10_u64.pow(u32::try_from(decimals).unwrap());
    let rate = format!("{whole}.{:0decimals$}", 1 + chance.below(fraction - 1));
    // Below a hundredth no currency is quoted.
    if whole == 0 { rate.replacen("0.0", "0.1", 1) } else { rate }
}

fn amount(chance: &mut Chance) -> String {
    let sign = if chance.once_in(3) { "-" } else { "" };
    // As large as a position may be.
    let whole = number(chance, 14);
    match chance.below(8) {
        0 => format!("{sign}{whole}"),
        1 => format!("{sign}{whole}.{}", chance.below(10)),
        2 => format!("{sign}0.{:02}", chance.below(4)),
        _ => format!("{sign}{whole}.{:02}", chance.below(100)),
    }
}

/// A number of fewer than `digits` digits; short ones are as likely as long ones.
fn number(chance: &mut Chance, digits: u64) -> u64 {
    let digits = u32::try_from(chance.below(digits)).unwrap();
    chance.below(10_u64.pow(digits))
}
