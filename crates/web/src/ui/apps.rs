//! `/ui/v1/apps`: client ids and secrets, for administrators.

use super::form::Form;
use super::page::{Frame, notice, page, stale, unavailable};
use super::sign_in;
use super::visit::Visit;
use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use dayend_identity::admin::AdminError;
use dayend_identity::sessions::{AppInfo, LogInError, Session};
use secrecy::ExposeSecret as _;

const PATH: &str = "/ui/v1/apps";

#[derive(Template)]
#[template(path = "apps.html")]
struct List {
    frame: Frame,
    apps: Vec<AppInfo>,
}

#[derive(Template)]
#[template(path = "app.html")]
struct Show {
    frame: Frame,
    app: AppInfo,
    token: String,
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "app_secret.html")]
struct Renewed {
    frame: Frame,
    app: AppInfo,
    secret: String,
}

/// All apps.
pub(super) async fn list(visit: Visit) -> Response {
    let Some(session) = visit.session.clone() else { return sign_in::first(visit, PATH) };
    let response = match allowed(&visit, &session).await {
        Ok(()) => match visit.app.service.identity().apps_of(&session).await {
            Ok(apps) => page(StatusCode::OK, &List { frame: Frame::for_visit(&visit), apps }),
            Err(error) => unavailable(&visit.app, &error),
        },
        Err(refused) => *refused,
    };
    visit.answer(response)
}

/// One of them.
pub(super) async fn show(visit: Visit, Path(client_id): Path<String>) -> Response {
    let Some(session) = visit.session.clone() else { return sign_in::first(visit, PATH) };
    let response = match found(&visit, &session, &client_id).await {
        Ok(app) => app_page(&visit, app, StatusCode::OK, None),
        Err(refused) => *refused,
    };
    visit.answer(response)
}

/// Gives it another secret, after the password was given once more.
pub(super) async fn renew(visit: Visit, Path(client_id): Path<String>, form: Form) -> Response {
    let mut form = form;
    let Some(session) = visit.session.clone() else { return sign_in::first(visit, PATH) };
    if !visit.is_form_token(&form.take("token"), &["app-secret", &client_id]) {
        let response = stale(&visit);
        return visit.answer(response);
    }
    let app = match found(&visit, &session, &client_id).await {
        Ok(app) => app,
        Err(refused) => return visit.answer(*refused),
    };
    let (identity, now) = (visit.app.service.identity(), visit.app.service.now());
    let password = form.take_secret("password");
    if let Err(error) = identity.confirm_password(&session, password, visit.from, now).await {
        let response = unproven(&visit, app, error);
        return visit.answer(response);
    }
    let by = format!("{}@browser", session.user.name);
    let response = match identity.reset_app_secret(&by, &session.tenant, &client_id, now).await {
        Ok(secret) => {
            let secret = secret.expose_secret().to_owned();
            page(StatusCode::OK, &Renewed { frame: Frame::for_visit(&visit), app, secret })
        }
        Err(AdminError::Unavailable(error)) => {
            tracing::error!(%error, "a secret could not be renewed");
            super::page::later(&visit.app)
        }
        Err(error) => app_page(&visit, app, StatusCode::BAD_REQUEST, Some(format!("{error}."))),
    };
    visit.answer(response)
}

fn unproven(visit: &Visit, app: AppInfo, error: LogInError) -> Response {
    let (status, problem) = match error {
        LogInError::Wrong => (StatusCode::FORBIDDEN, "The password is wrong.".to_owned()),
        LogInError::TooMany { retry_after_s } => (
            StatusCode::TOO_MANY_REQUESTS,
            format!("Too many attempts. Try again in {retry_after_s} seconds."),
        ),
        LogInError::Unavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The server cannot do this just now. Try again in a moment.".to_owned(),
        ),
    };
    let mut response = app_page(visit, app, status, Some(problem));
    if let LogInError::TooMany { retry_after_s } = error {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
    }
    response
}

/// Who may not see apps learns nothing about any.
async fn allowed(visit: &Visit, session: &Session) -> Result<(), Box<Response>> {
    match visit.app.service.identity().is_administrator(session).await {
        Ok(true) => Ok(()),
        Ok(false) => {
            let text = "This page is for administrators.";
            let frame = Frame::for_visit(visit);
            Err(Box::new(notice(&frame, StatusCode::FORBIDDEN, "Not for you", text)))
        }
        Err(error) => Err(Box::new(unavailable(&visit.app, &error))),
    }
}

async fn found(
    visit: &Visit,
    session: &Session,
    client_id: &str,
) -> Result<AppInfo, Box<Response>> {
    allowed(visit, session).await?;
    match visit.app.service.identity().app_of(session, client_id).await {
        Ok(Some(app)) => Ok(app),
        Ok(None) => {
            let frame = Frame::for_visit(visit);
            let text = "There is no app with this client id.";
            Err(Box::new(notice(&frame, StatusCode::NOT_FOUND, "Not found", text)))
        }
        Err(error) => Err(Box::new(unavailable(&visit.app, &error))),
    }
}

fn app_page(visit: &Visit, app: AppInfo, status: StatusCode, problem: Option<String>) -> Response {
    let token = visit.form_token(&["app-secret", &app.client_id]);
    page(status, &Show { frame: Frame::for_visit(visit), app, token, problem })
}
