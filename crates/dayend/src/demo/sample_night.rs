//! The definitions and the input of the sample night, built into the binary.

use dayend_engine::time::MisDate;
use dayend_wire::definitions::SourceFile;

/// The group that is run.
pub(super) const GROUP: &str = "EOD";

macro_rules! file {
    ($name:literal) => {
        ($name, include_str!(concat!("../../../../examples/night/", $name)))
    };
}

const FILES: [(&str, &str); 6] = [
    file!("10-connections.yaml"),
    file!("20-rates.yaml"),
    file!("30-positions.yaml"),
    file!("40-revalue.yaml"),
    file!("50-report.yaml"),
    file!("60-group.yaml"),
];

/// The rate history of the European Central Bank.
const RATES: &str = include_str!("../../../../examples/night/data/ecb-rates.csv");
/// The positions of a made-up bank.
const POSITIONS: &str = include_str!("../../../../examples/night/data/positions.csv");

/// What is delivered for a date: names in the file exchange, and what the files hold.
pub(super) fn delivery(date: MisDate) -> [(String, &'static str); 2] {
    [(format!("in/rates-{date}.csv"), RATES), (format!("in/positions-{date}.csv"), POSITIONS)]
}

/// What the report of a date is called in the file exchange.
pub(super) fn report(date: MisDate) -> String {
    format!("out/report-{date}.csv")
}

/// The files as `apply` sends them.
pub(super) fn files() -> Vec<SourceFile> {
    FILES.map(|(name, text)| SourceFile { name: name.to_owned(), text: text.to_owned() }).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_of_the_example_is_built_in() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/night");
        let names = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names
            .filter(|name| name.rsplit_once('.').is_some_and(|(_, end)| end == "yaml"))
            .collect();
        names.sort();
        assert_eq!(names, FILES.map(|(name, _)| name));
    }
}
