//! `/ui/v1/signin`: the log-in page, for an app or for a page of ours.

use super::flow;
use super::form::Form;
use super::page::{Frame, page, page_leading_to, stale};
use super::visit::Visit;
use askama::Template;
use axum::extract::Query;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dayend_identity::authorize::{Asked, Fresh};
use dayend_identity::sessions::{LogIn, LogInError};
use serde::Deserialize;

const FOR_APP: &str = "app";
const FOR_PAGE: &str = "page";
/// Where people go who came for nothing else.
const HOME: &str = "/ui/v1/";
/// The longest path that is returned to.
const NEXT_MAX_BYTES: usize = 512;

/// What somebody logs in for.
pub(super) enum Purpose<'a> {
    /// An app's request, as its query.
    Authorize { request: &'a str, asked: &'a Asked },
    /// A page of ours.
    Page { next: &'a str, tenant: &'a str },
}

impl Purpose<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Authorize { .. } => FOR_APP,
            Self::Page { .. } => FOR_PAGE,
        }
    }

    fn target(&self) -> &str {
        match self {
            Self::Authorize { request, .. } => request,
            Self::Page { next, .. } => next,
        }
    }

    fn tenant(&self) -> &str {
        match self {
            Self::Authorize { asked, .. } => asked.tenant(),
            Self::Page { tenant, .. } => tenant,
        }
    }
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    frame: Frame,
    app: Option<&'a str>,
    purpose: &'a str,
    target: &'a str,
    tenant: &'a str,
    token: String,
    name: &'a str,
    problem: Option<String>,
    /// A link can be sent.
    reset: bool,
}

/// The page; after a refusal with what was typed as a name, and why.
pub(super) fn page_for(
    visit: &Visit,
    purpose: &Purpose<'_>,
    refused: Option<(&str, LogInError)>,
) -> Response {
    let (asked, hint) = match purpose {
        Purpose::Authorize { asked, .. } => (Some(*asked), asked.login_hint()),
        Purpose::Page { .. } => (None, None),
    };
    let texts = texts(purpose.name(), purpose.target(), purpose.tenant());
    let template = SignIn {
        frame: Frame::of(&visit.app),
        app: asked.map(Asked::app_name),
        purpose: purpose.name(),
        target: purpose.target(),
        tenant: purpose.tenant(),
        token: visit.form_token(&texts),
        name: refused.map_or_else(|| hint.unwrap_or_default(), |(name, _)| name),
        problem: refused.map(|(_, error)| sentence(error)),
        reset: visit.app.mailer.is_some(),
    };
    let status = refused.map_or(StatusCode::OK, |(_, error)| status(error));
    let mut response = match asked {
        Some(asked) => page_leading_to(status, &template, asked.redirect_uri()),
        None => page(status, &template),
    };
    if let Some((_, LogInError::TooMany { retry_after_s })) = refused {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_s));
    }
    response
}

fn texts<'a>(purpose: &'a str, target: &'a str, tenant: &'a str) -> [&'a str; 4] {
    ["sign-in", purpose, target, tenant]
}

fn sentence(error: LogInError) -> String {
    match error {
        LogInError::Wrong => "The user name or the password is wrong.".to_owned(),
        LogInError::TooMany { retry_after_s } => {
            format!("Too many attempts. Try again in {retry_after_s} seconds.")
        }
        LogInError::Unavailable => "Nobody can log in just now. Try again in a moment.".to_owned(),
    }
}

fn status(error: LogInError) -> StatusCode {
    match error {
        LogInError::Wrong => StatusCode::UNAUTHORIZED,
        LogInError::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        LogInError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// What the address of the log-in page says.
#[derive(Debug, Deserialize)]
pub(super) struct Asking {
    next: Option<String>,
    tenant: Option<String>,
}

/// The log-in page for a page of ours.
pub(super) async fn show(visit: Visit, Query(asking): Query<Asking>) -> Response {
    let next = asking.next.filter(|next| is_own_page(next)).unwrap_or_else(|| HOME.to_owned());
    let tenant = asking.tenant.unwrap_or_else(|| visit.app.service.identity().tenant().to_owned());
    let response = page_for(&visit, &Purpose::Page { next: &next, tenant: &tenant }, None);
    visit.answer(response)
}

/// Only paths that no browser takes for another site.
fn is_own_page(next: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_?=&.".contains(&byte);
    next.starts_with(HOME)
        && next.len() <= NEXT_MAX_BYTES
        && next.bytes().all(letters)
        && !next.contains("//")
        && !next.contains("..")
}

/// Where a visitor without a session is sent from a page of ours.
pub(crate) fn first(visit: Visit, next: &str) -> Response {
    let query: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
    let location = format!("{}/ui/v1/signin?next={query}", visit.app.settings.base_path);
    visit.answer((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

/// Checks what was typed and goes on with what it was typed for.
pub(super) async fn log_in(visit: Visit, form: Form) -> Response {
    let mut form = form;
    let (purpose, target) = (form.take("purpose"), form.take("target"));
    let (tenant, token) = (form.take("tenant"), form.take("token"));
    if !visit.is_form_token(&token, &texts(&purpose, &target, &tenant)) {
        let response = stale(&visit);
        return visit.answer(response);
    }
    if purpose == FOR_PAGE {
        return log_in_for(visit, &Purpose::Page { next: &target, tenant: &tenant }, form).await;
    }
    match flow::asked_of(&visit.app, &target).await {
        Ok(asked) => {
            log_in_for(visit, &Purpose::Authorize { request: &target, asked: &asked }, form).await
        }
        Err(error) => {
            let response = flow::refused(&visit.app, &Method::POST, error);
            visit.answer(response)
        }
    }
}

async fn log_in_for(mut visit: Visit, purpose: &Purpose<'_>, mut form: Form) -> Response {
    let name = form.take("username");
    let log_in = LogIn {
        tenant: purpose.tenant().to_owned(),
        name: name.clone(),
        password: form.take_secret("password"),
        from: visit.from,
    };
    let (app, now) = (visit.app.clone(), visit.app.service.now());
    let identity = app.service.identity();
    let begun = match identity.begin_session(log_in, now).await {
        Ok(begun) => begun,
        Err(error) => {
            let response = page_for(&visit, purpose, Some((&name, error)));
            return visit.answer(response);
        }
    };
    // Another session of this browser would live on with nobody to use it.
    if let Some(earlier) = visit.session.take()
        && let Err(error) = identity.end_session(&earlier, now).await
    {
        tracing::warn!(%error, "a session that was replaced could not be ended");
    }
    visit.begin(begun);
    match purpose {
        Purpose::Authorize { request, .. } => {
            let fresh = Fresh { logged_in: true, consented: false };
            flow::answer(visit, &Method::POST, request, fresh).await
        }
        Purpose::Page { next, .. } => {
            let location = format!("{}{next}", visit.app.settings.base_path);
            visit.answer((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_in_leads_to_pages_of_ours_only() {
        for good in ["/ui/v1/", "/ui/v1/tokens", "/ui/v1/device?user_code=ABCD-EFGH"] {
            assert!(is_own_page(good), "{good}");
        }
        #[rustfmt::skip]
        let bad = [
            "", "/", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/ui/v1/..//evil.example",
            "/ui/v1//evil.example", "/ui/v1/\\evil", "/ui/v1/%2e%2e", "/ui/v1/\r\nSet-Cookie:a", "/ui/v1/é", "ui/v1/", "/ui/v2/", " /ui/v1/",
            "/ui/v1/@evil.example", "/ui/v1/#x",
        ];
        for next in bad {
            assert!(!is_own_page(next), "{next}");
        }
    }
}
