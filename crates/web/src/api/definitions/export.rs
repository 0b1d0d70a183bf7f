//! `GET /api/v1/definitions?code=…`: the newest definitions as one YAML text.

use crate::api::gate::Permitted;
use crate::api::parameters::Parameters;
use crate::app::App;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{HeaderName, Uri, header};

/// Answers with the named definitions (`code` may be repeated), or with all.
pub(in crate::api) async fn export(
    State(app): State<App>,
    permitted: Permitted,
    uri: Uri,
) -> Result<([(HeaderName, &'static str); 1], String), Problem> {
    let codes = Parameters::read(&uri, &["code"])?.all("code");
    let text = app.service.export(&permitted.caller, permitted.scope, codes).await?;
    Ok(([(header::CONTENT_TYPE, "application/yaml")], text))
}
