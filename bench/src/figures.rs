//! The table that is printed in the end.

use std::time::Duration;

/// Figures, and what they should be.
#[derive(Debug)]
pub(crate) struct Figures {
    rows: Vec<[String; 4]>,
}

impl Figures {
    pub(crate) fn new() -> Self {
        let head = ["what", "measured", "target", ""].map(str::to_owned);
        Self { rows: vec![head] }
    }

    /// A figure without a target.
    pub(crate) fn tell(&mut self, what: &str, measured: String) {
        self.rows.push([what.to_owned(), measured, String::new(), String::new()]);
    }

    /// A figure that should be at most `limit`.
    pub(crate) fn at_most(&mut self, what: &str, measured: f64, limit: f64, unit: &str) {
        let verdict = if measured <= limit { "ok" } else { "MISSED" };
        self.rows.push([
            what.to_owned(),
            format!("{measured:.2} {unit}"),
            format!("≤ {limit} {unit}"),
            verdict.to_owned(),
        ]);
    }

    /// Prints all of it, in columns.
    #[expect(clippy::print_stdout, reason = "this is what the program is for")]
    pub(crate) fn print(&self) {
        let width = |column: usize| {
            let texts = self.rows.iter().filter_map(|row| row.get(column));
            texts.map(|text| text.chars().count()).max().unwrap_or(0)
        };
        let (first, second, third) = (width(0), width(1), width(2));
        for [what, measured, target, verdict] in &self.rows {
            let line = format!("{what:<first$}  {measured:>second$}  {target:>third$}  {verdict}");
            println!("{}", line.trim_end());
        }
    }
}

/// The smallest of these durations that is not exceeded by `share` of them.
pub(crate) fn quantile(sorted: &[Duration], share: f64) -> Duration {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a few thousand is a small whole number"
    )]
    let index = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(index.saturating_sub(1)).copied().unwrap_or_default()
}

/// Milliseconds with two decimals.
pub(crate) fn milliseconds(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}

/// How many a second.
pub(crate) fn rate(count: usize, duration: Duration) -> String {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let rate = count as f64 / duration.as_secs_f64();
    format!("{rate:.0}/s")
}
