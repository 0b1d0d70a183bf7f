//! `dayend schema`: the JSON Schema of definition documents.

use crate::client::print;
use dayend_wire::exit::ExitCode;

/// Prints the schema; no server is asked.
pub(crate) fn schema() -> ExitCode {
    let schema = dayend_service::definitions::schema();
    let text = serde_json::to_string_pretty(&schema).expect("a JSON value is always JSON");
    print(&format!("{text}\n"));
    ExitCode::Success
}
