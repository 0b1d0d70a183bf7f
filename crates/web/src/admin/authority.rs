//! `GET /ca.pem`: the certificate authority that callers must trust.

use crate::app::App;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{HeaderName, header};
use dayend_wire::problem::ProblemCode;

/// Answers with the certificate. It cannot be trusted just because this server sent it: compare it with what `init` wrote.
pub(super) async fn authority(
    State(app): State<App>,
) -> Result<([(HeaderName, &'static str); 1], String), Problem> {
    let Some(pem) = app.settings.ca_pem.clone() else {
        return Err(Problem::new(
            ProblemCode::NotFound,
            "this server has no certificate authority of its own",
        ));
    };
    Ok(([(header::CONTENT_TYPE, "application/x-pem-file")], pem))
}
