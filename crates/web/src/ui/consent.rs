//! `/ui/v1/consent`: whether an app may have what it asks for.

use super::flow;
use super::form::Form;
use super::page::{Frame, page_leading_to, stale};
use super::sign_in::{self, Purpose};
use super::visit::Visit;
use askama::Template;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use dayend_identity::authorize::{Asked, Fresh};

#[derive(Template)]
#[template(path = "consent.html")]
struct Consent<'a> {
    frame: Frame,
    app: &'a str,
    user: &'a str,
    scopes: Vec<Wish<'a>>,
    lifetime: String,
    request: &'a str,
    token: String,
}

/// One scope, and what it means.
pub(super) struct Wish<'a> {
    pub(super) name: &'a str,
    pub(super) meaning: &'static str,
}

/// The scopes with what they mean.
pub(super) fn wishes(scopes: &[String]) -> Vec<Wish<'_>> {
    scopes.iter().map(|name| Wish { name, meaning: meaning(name) }).collect()
}

/// The page that lists what the app asks for.
pub(super) fn page_for(
    visit: &Visit,
    request: &str,
    asked: &Asked,
    scopes: &[String],
    lifetime_s: u64,
) -> Response {
    let user = visit.session.as_ref().map(|session| session.display_name.as_str());
    let template = Consent {
        frame: Frame::of(&visit.app),
        app: asked.app_name(),
        user: user.unwrap_or_default(),
        scopes: wishes(scopes),
        lifetime: lasting(lifetime_s),
        request,
        token: visit.form_token(&texts(request)),
    };
    page_leading_to(StatusCode::OK, &template, asked.redirect_uri())
}

fn texts(request: &str) -> [&str; 2] {
    ["consent", request]
}

fn meaning(scope: &str) -> &'static str {
    match scope {
        "openid" => "Know who you are",
        "profile" => "See your name and language",
        "email" => "See your e-mail address",
        "phone" => "See your telephone number",
        "address" => "See your address",
        "groups" | "get_groups" => "See your groups",
        "approles" | "get_approles" => "See your roles",
        "offline_access" => "Keep this access while you are away",
        "urn:opc:idm:__myscopes__" => "Do here whatever you may do",
        "urn:opc:idm:t.user.me" => "See and change your own account",
        "urn:opc:idm:t.security.client" => "Act for you in this service",
        _ => "Use",
    }
}

/// A span of time in words, in its largest whole unit.
pub(crate) fn lasting(seconds: u64) -> String {
    let units = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let fits = |(size, _): &&(u64, &str)| seconds >= *size && seconds.is_multiple_of(*size);
    let (size, name) = units.iter().find(fits).copied().unwrap_or((1, "second"));
    match seconds / size {
        1 => format!("1 {name}"),
        many => format!("{many} {name}s"),
    }
}

/// What the user decided.
pub(super) async fn decide(visit: Visit, form: Form) -> Response {
    let mut form = form;
    let (request, token, decision) =
        (form.take("request"), form.take("token"), form.take("decision"));
    if !visit.is_form_token(&token, &texts(&request)) {
        let response = stale(&visit);
        return visit.answer(response);
    }
    // The page was shown only after a log-in that was good enough.
    let fresh = Fresh { logged_in: true, consented: true };
    match decision.as_str() {
        "allow" => flow::answer(visit, &Method::POST, &request, fresh).await,
        "switch" => ask_again(visit, &request).await,
        _ => deny(visit, &request).await,
    }
}

async fn deny(visit: Visit, request: &str) -> Response {
    let service = &visit.app.service;
    let error = match (flow::asked_of(&visit.app, request).await, &visit.session) {
        (Ok(asked), Some(session)) => service.identity().deny(&asked, session, service.now()).await,
        (Ok(asked), None) => asked.denied(),
        (Err(error), _) => error,
    };
    let response = flow::refused(&visit.app, &Method::POST, error);
    visit.answer(response)
}

/// The log-in page, for somebody else at the same browser.
async fn ask_again(visit: Visit, request: &str) -> Response {
    let response = match flow::asked_of(&visit.app, request).await {
        Ok(asked) => {
            sign_in::page_for(&visit, &Purpose::Authorize { request, asked: &asked }, None)
        }
        Err(error) => flow::refused(&visit.app, &Method::POST, error),
    };
    visit.answer(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_of_time_is_told_in_its_largest_whole_unit() {
        let cases = [
            (3600, "1 hour"),
            (7200, "2 hours"),
            (90, "90 seconds"),
            (31_536_000, "365 days"),
            (0, "0 seconds"),
        ];
        for (seconds, want) in cases {
            assert_eq!(lasting(seconds), want);
        }
    }
}
