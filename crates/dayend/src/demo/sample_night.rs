//! The definitions of the sample night, built into the binary.

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
