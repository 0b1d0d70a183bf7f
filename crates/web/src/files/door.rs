//! `/p/<secret>/…`: what is asked for at which address.

use super::fault::OciFault;
use super::{get, list, multipart, put, transfer};
use crate::app::App;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use dayend_files::{Address, Target};

/// Filled in with the number of the request, which the log has too.
const OPC_REQUEST_ID: HeaderName = HeaderName::from_static("opc-request-id");
const OPC_CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("opc-client-request-id");
const API_ID: HeaderName = HeaderName::from_static("x-api-id");
/// Any page may use a link: what counts is the secret, and no cookie is looked at.
const ORIGINS: HeaderValue = HeaderValue::from_static("*");
const METHODS: &str = "POST,PUT,GET,HEAD,DELETE,OPTIONS";
const REQUEST_HEADERS: &str = "content-type,content-md5,range,if-match,if-none-match,opc-multipart,opc-content-sha256,opc-client-request-id";
const EXPOSED: &str = "accept-ranges,content-length,content-range,content-type,content-md5,etag,last-modified,opc-client-request-id,opc-content-md5,opc-content-sha256,opc-multipart-md5,opc-request-id,storage-tier,x-api-id";

/// Everything below `/p/`.
pub(super) async fn enter(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let client_id = parts.headers.get(OPC_CLIENT_REQUEST_ID).cloned();
    let mut response = match answer(&app, &parts, body).await {
        Ok(response) => response,
        Err(fault) => fault.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(OPC_REQUEST_ID, HeaderValue::from_static("-"));
    headers.insert(API_ID, HeaderValue::from_static("native"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ORIGINS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    if let Some(id) = client_id {
        headers.insert(OPC_CLIENT_REQUEST_ID, id);
    }
    response
}

async fn answer(app: &App, parts: &Parts, body: Body) -> Result<Response, OciFault> {
    if parts.method == Method::OPTIONS {
        return Ok(preflight());
    }
    let address = match Address::parse(parts.uri.path()) {
        Ok(address) => address,
        Err(error) => {
            transfer::let_go(&parts.headers, body).await;
            return Err(error.into());
        }
    };
    match &address.target {
        Target::Objects => match parts.method {
            Method::GET | Method::HEAD => list::list(app, &address, parts).await,
            _ => refused(parts, body, "GET,HEAD,OPTIONS").await,
        },
        Target::Object(_) => match parts.method {
            Method::GET | Method::HEAD => get::get(app, &address, parts).await,
            Method::PUT if multipart::is_wanted(&parts.headers) => {
                multipart::create(app, &address, parts, body).await
            }
            Method::PUT => put::put(app, &address, parts, body).await,
            _ => refused(parts, body, "GET,HEAD,PUT,OPTIONS").await,
        },
        Target::Upload { upload, .. } => match parts.method {
            Method::GET => multipart::parts(app, &address, upload).await,
            Method::POST => multipart::commit(app, &address, upload, parts, body).await,
            Method::DELETE => multipart::abort(app, &address, upload).await,
            _ => refused(parts, body, "GET,POST,DELETE,OPTIONS").await,
        },
        Target::Part { upload, part, .. } => match parts.method {
            Method::PUT => multipart::part(app, &address, (upload, *part), parts, body).await,
            _ => refused(parts, body, "PUT,OPTIONS").await,
        },
    }
}

async fn refused(parts: &Parts, body: Body, allowed: &'static str) -> Result<Response, OciFault> {
    transfer::let_go(&parts.headers, body).await;
    Err(OciFault::method(allowed))
}

/// What a browser asks before it uses a link from a page of somebody else's.
fn preflight() -> Response {
    let headers = [
        (header::ALLOW, HeaderValue::from_static(METHODS)),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(REQUEST_HEADERS)),
        (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}
