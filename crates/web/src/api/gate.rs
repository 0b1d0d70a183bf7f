//! Whether a request may pass: token, scope, right, in this order, before any handler sees it.

use crate::app::App;
use crate::authentication::authenticate;
use crate::problem::Problem;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use dayend_engine::codes::{SCOPE_ID_MAX_CHARS, Scope};
use dayend_identity::caller::{Caller, Function};

const TENANT: &str = "ofs_tenant_id";
const SERVICE: &str = "ofs_service_id";
const WORKSPACE: &str = "ofs_workspace_id";
const REMOTE_USER: &str = "ofs_remote_user";
/// The workspace that every service has.
const DEFAULT_WORKSPACE: &str = "WS001";

/// What a route's gate knows.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) app: App,
    /// One of these must be held.
    pub(super) functions: &'static [Function],
}

/// A caller that passed the gate, and the scope in which it did.
#[derive(Clone, Debug)]
pub(crate) struct Permitted {
    pub(crate) caller: Caller,
    pub(crate) scope: Scope,
}

/// Lets the request pass with a [`Permitted`] in it, or answers why not.
pub(super) async fn gate(
    State(gate): State<Gate>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let permitted = permitted(&gate.app, request.headers(), gate.functions).await?;
    request.extensions_mut().insert(permitted);
    Ok(next.run(request).await)
}

/// Who asks, and for which scope: the headers may leave out what the token says.
pub(crate) async fn permitted(
    app: &App,
    headers: &HeaderMap,
    functions: &[Function],
) -> Result<Permitted, Problem> {
    let caller = authenticate(app, headers).await?;
    let service = match header(headers, SERVICE)? {
        Some(service) => service.to_owned(),
        None => app.service.default_service(&caller).await?.ok_or_else(|| {
            Problem::invalid(
                SERVICE,
                "the header is required, because the tenant does not have exactly one service",
            )
        })?,
    };
    let scope = Scope {
        tenant: header(headers, TENANT)?.unwrap_or(&caller.tenant).to_owned(),
        service,
        workspace: header(headers, WORKSPACE)?.unwrap_or(DEFAULT_WORKSPACE).to_owned(),
    };
    let remote_user = header(headers, REMOTE_USER)?;
    let caller = app.service.authorise(&caller, &scope, remote_user, functions).await?;
    Ok(Permitted { caller, scope })
}

/// The header's only value: text of a sensible length.
fn header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(_), Some(_)) => return Err(Problem::invalid(name, "the header is repeated")),
        (Some(value), None) => value,
    };
    let text = std::str::from_utf8(value.as_bytes())
        .map_err(|_| Problem::invalid(name, "the header is not UTF-8"))?;
    match text.chars().count() {
        0 => Err(Problem::invalid(name, "the header is empty")),
        1..=SCOPE_ID_MAX_CHARS => Ok(Some(text)),
        _ => Err(Problem::invalid(
            name,
            format_args!("the header is longer than {SCOPE_ID_MAX_CHARS} characters"),
        )),
    }
}

impl<S: Sync> FromRequestParts<S> for Permitted {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        // A public route whose handler asks for a caller is a mistake in the table: nobody gets in.
        parts.extensions.remove::<Self>().ok_or_else(Problem::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_header_is_one_text_of_a_sensible_length() {
        let value = |values: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(TENANT, axum::http::HeaderValue::from_bytes(value).unwrap());
            }
            header(&headers, TENANT)
                .map(|value| value.map(str::to_owned))
                .map_err(|problem| problem.body.detail)
        };
        assert_eq!(value(&[]), Ok(None));
        assert_eq!(value(&[b"T1"]), Ok(Some("T1".to_owned())));
        assert_eq!(value(&["Zürich".as_bytes()]), Ok(Some("Zürich".to_owned())));
        assert_eq!(value(&[&[b'x'; 128]]), Ok(Some("x".repeat(128))));
        assert_eq!(value(&[b""]), Err("`ofs_tenant_id`: the header is empty".to_owned()));
        assert_eq!(
            value(&[b"T1", b"T1"]),
            Err("`ofs_tenant_id`: the header is repeated".to_owned())
        );
        assert_eq!(value(&[b"\xff"]), Err("`ofs_tenant_id`: the header is not UTF-8".to_owned()));
        assert_eq!(
            value(&[&[b'x'; 129]]),
            Err("`ofs_tenant_id`: the header is longer than 128 characters".to_owned())
        );
    }
}
