//! `/oauth2/v1/userinfo`: who the token speaks for, as far as its scopes say.

use super::cors;
use crate::app::App;
use crate::authentication::identified;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use dayend_identity::caller::Caller;
use dayend_identity::userinfo::UserInfoError;
use dayend_wire::problem::ProblemCode;

const INSUFFICIENT: &str = r#"Bearer realm="dayend", error="insufficient_scope", error_description="the token must have the scope openid", scope="openid""#;

/// Answers with the claims.
pub(super) async fn userinfo(State(app): State<App>, headers: HeaderMap) -> Response {
    let origin = cors::origin(&headers);
    match identified(&app, &headers).await {
        Ok(caller) => {
            let response = answer(&app, &caller).await;
            cors::readable(&app, origin, Some(&caller.client_id), response).await
        }
        Err(refused) => {
            cors::readable(&app, origin, None, Problem::from(refused).into_response()).await
        }
    }
}

async fn answer(app: &App, caller: &Caller) -> Response {
    match app.service.identity().userinfo(caller).await {
        Ok(claims) => Json(claims).into_response(),
        Err(UserInfoError::InsufficientScope) => {
            let refused =
                Problem::new(ProblemCode::NotAllowed, "the token must have the scope openid");
            let challenge = [(header::WWW_AUTHENTICATE, HeaderValue::from_static(INSUFFICIENT))];
            (challenge, refused).into_response()
        }
        Err(UserInfoError::Unavailable(error)) => {
            tracing::error!(%error, "a user could not be looked up");
            Problem::new(ProblemCode::Unavailable, "the server cannot do this now, try again later")
                .into_response()
        }
    }
}
