//! `/ui/v1/tokens`: a token for oneself, as a file.

use super::form::Form;
use super::page::{Frame, page, stale, unavailable};
use super::sign_in;
use super::visit::Visit;
use askama::Template;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dayend_identity::sessions::{AppInfo, PERSONAL_MINUTES_MAX, Session};
use serde_json::json;

const PATH: &str = "/ui/v1/tokens";
const SELF_SERVICE: &str = "urn:opc:idm:t.user.me";
const ALL_OWN: &str = "urn:opc:idm:__myscopes__";
const FILE: [(HeaderName, HeaderValue); 2] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
    (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"tokens.tok\"")),
];

#[derive(Template)]
#[template(path = "tokens.html")]
struct Generate {
    frame: Frame,
    token: String,
    apps: Vec<AppInfo>,
    minutes_max: u64,
    problem: Option<String>,
}

/// The form.
pub(super) async fn show(visit: Visit) -> Response {
    let Some(session) = visit.session.clone() else { return sign_in::first(visit, PATH) };
    let response = form_page(&visit, &session, StatusCode::OK, None).await;
    visit.answer(response)
}

/// The file.
pub(super) async fn generate(visit: Visit, form: Form) -> Response {
    let mut form = form;
    let Some(session) = visit.session.clone() else { return sign_in::first(visit, PATH) };
    if !visit.is_form_token(&form.take("token"), &["tokens"]) {
        let response = stale(&visit);
        return visit.answer(response);
    }
    let app = form.take("app");
    let response = match scope(&mut form) {
        Ok(scope) => file(&visit, &session, &app, &scope).await,
        Err(problem) => {
            form_page(&visit, &session, StatusCode::BAD_REQUEST, Some(problem.to_owned())).await
        }
    };
    visit.answer(response)
}

async fn file(visit: &Visit, session: &Session, app: &str, scope: &str) -> Response {
    let (identity, now) = (visit.app.service.identity(), visit.app.service.now());
    match identity.personal_token(session, app, scope, now).await {
        Ok(answer) => {
            let content = match answer.refresh_token {
                None => json!({ "app_access_token": answer.access_token }),
                Some(refresh_token) => {
                    json!({ "app_access_token": answer.access_token, "app_refresh_token": refresh_token })
                }
            };
            (FILE, content.to_string()).into_response()
        }
        Err(error) => {
            let problem = format!("No token was made: {error}.");
            form_page(visit, session, StatusCode::BAD_REQUEST, Some(problem)).await
        }
    }
}

/// The scopes that were chosen, and the lifetime among them.
fn scope(form: &mut Form) -> Result<String, &'static str> {
    let mut scopes = Vec::new();
    if !form.take("me").is_empty() {
        scopes.push(SELF_SERVICE.to_owned());
    }
    if !form.take("all").is_empty() {
        scopes.push(ALL_OWN.to_owned());
    }
    let other = form.take("other");
    scopes.extend(other.split_whitespace().map(str::to_owned));
    if scopes.is_empty() {
        return Err("Choose at least one scope.");
    }
    if !form.take("refresh").is_empty() {
        scopes.push("offline_access".to_owned());
    }
    let minutes = form.take("minutes");
    let wrong = "The expiry is a number of minutes from 1 to 527040.";
    let minutes: u64 = minutes.trim().parse().map_err(|_| wrong)?;
    if !(1..=PERSONAL_MINUTES_MAX).contains(&minutes) {
        return Err(wrong);
    }
    scopes.push(format!("urn:opc:resource:expiry={}", minutes * 60));
    Ok(scopes.join(" "))
}

async fn form_page(
    visit: &Visit,
    session: &Session,
    status: StatusCode,
    problem: Option<String>,
) -> Response {
    let apps = match visit.app.service.identity().apps_for_people(session).await {
        Ok(apps) => apps,
        Err(error) => return unavailable(&visit.app, &error),
    };
    let template = Generate {
        frame: Frame::for_visit(visit),
        token: visit.form_token(&["tokens"]),
        apps,
        minutes_max: PERSONAL_MINUTES_MAX,
        problem,
    };
    page(status, &template)
}
