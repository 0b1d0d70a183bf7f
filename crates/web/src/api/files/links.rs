//! `/api/v1/file-links`: makes, shows and revokes URLs that need no token.

use super::list::PAGE_MAX;
use super::shown;
use crate::api::gate::Permitted;
use crate::api::input::{json_bytes, parse};
use crate::api::parameters::Parameters;
use crate::api::segments::Segments;
use crate::app::App;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use dayend_files::{Access, Sha256Sum};
use dayend_service::files::NewLink;
use dayend_wire::files::{ApiFileLink, ApiFileLinks, NewFileLink};
use std::time::Duration;

/// `POST`: the answer is the only place where the URL is shown.
pub(in crate::api) async fn make_link(
    State(app): State<App>,
    permitted: Permitted,
    request: Request,
) -> Result<(StatusCode, Json<ApiFileLink>), Problem> {
    let (_, bytes) = json_bytes(&app.room, request, app.settings.body_limit_bytes, false).await?;
    let asked: NewFileLink = parse(&bytes)?;
    let wanted = wanted(&asked)?;
    let (access, name, listing) = (asked.access, asked.name, asked.listing);
    let made = app.service.make_link(&permitted.caller, &permitted.scope, wanted).await?;
    let link = ApiFileLink {
        id: made.id,
        url: Some(format!("{}{}", app.settings.base_url, made.path)),
        access,
        name,
        listing,
        spent: false,
        created_at: made.created_at.to_string(),
        expires_at: made.expires_at.to_string(),
        by: permitted.caller.actor(),
    };
    Ok((StatusCode::CREATED, Json(link)))
}

/// `GET ?after=&limit=`: all links of the scope, by id.
pub(in crate::api) async fn list_links(
    State(app): State<App>,
    permitted: Permitted,
    uri: Uri,
) -> Result<Json<ApiFileLinks>, Problem> {
    let parameters = Parameters::read(&uri, &["after", "limit"])?;
    let after = parameters.one("after")?.unwrap_or_default();
    let limit = parameters.number("limit", 1..=PAGE_MAX)?.unwrap_or(PAGE_MAX);
    let links = app.service.files().links(&permitted.scope, after, limit).await?;
    let is_full = links.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let links: Vec<_> = links.into_iter().map(shown::link).collect();
    let next = links.last().map(|last| last.id.clone()).filter(|_| is_full);
    Ok(Json(ApiFileLinks { links, next }))
}

/// `DELETE /{id}`: it is useless at once.
pub(in crate::api) async fn revoke_link(
    State(app): State<App>,
    permitted: Permitted,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Problem> {
    app.service.files().revoke_link(&permitted.scope, &id, &permitted.caller.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn wanted(asked: &NewFileLink) -> Result<NewLink, Problem> {
    let access = Access::from_name(&asked.access)
        .ok_or_else(|| Problem::invalid("access", "is one of ObjectRead, ObjectWrite, ObjectReadWrite, AnyObjectRead, AnyObjectWrite and AnyObjectReadWrite"))?;
    let sum = |text: &String| {
        Sha256Sum::from_hex(text).ok_or_else(|| Problem::invalid("sha256", "is not 64 hex digits"))
    };
    let life = asked.expires_in_s.map(Duration::from_secs);
    if life.is_some_and(|life| life.is_zero()) {
        return Err(Problem::invalid("expiresInS", "must be at least 1"));
    }
    Ok(NewLink {
        access,
        object: asked.name.clone(),
        listing: asked.listing,
        size_bytes: asked.size_bytes,
        sha256: asked.sha256.as_ref().map(sum).transpose()?,
        content_type: asked.content_type.clone(),
        life,
        numbered: false,
        once: asked.once,
    })
}
