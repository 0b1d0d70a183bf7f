//! The guide's samples: see `data/README.md`.

use serde_json::Value;
use std::fs;

/// The values for what stands in `<…>`.
pub(crate) type Filling<'a> = [(&'a str, &'a str)];

/// A sample as it is in its file.
pub(crate) fn sample(name: &str) -> String {
    let path = format!("{}/tests/guide/data/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A request body, filled in.
pub(crate) fn request(name: &str, filling: &Filling<'_>) -> String {
    let mut text = sample(&format!("{name}.request.json"));
    fill(&mut text, filling);
    text
}

/// An answer as the guide prints it.
pub(crate) fn response(name: &str) -> Value {
    serde_json::from_str(&sample(&format!("{name}.response.json"))).unwrap()
}

/// A command line, filled in, that trusts only `authority`.
pub(crate) fn command(name: &str, authority: &str, filling: &Filling<'_>) -> String {
    let printed = sample(name);
    let lines: Vec<&str> = printed.lines().map(str::trim).collect();
    let mut text = lines.join(" ").replacen("curl -k ", "curl ", 1);
    let options = "curl --silent --show-error --max-time 100";
    let trust =
        if text.contains("--cacert") { String::new() } else { format!(" --cacert {authority}") };
    text = text.replacen("curl", &format!("{options}{trust}"), 1);
    fill(&mut text, filling);
    text
}

fn fill(text: &mut String, filling: &Filling<'_>) {
    for (placeholder, value) in filling {
        assert!(text.contains(placeholder), "there is no {placeholder} in {text}");
        *text = text.replace(placeholder, value);
    }
    assert!(!text.contains('<'), "not all is filled in: {text}");
}
