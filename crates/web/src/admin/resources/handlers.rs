//! The verbs, the same for every type of resource.

use super::kinds::{Changed, Made, Shown};
use crate::admin::answer::{self, Wanted, is_known, must_match};
use crate::admin::body;
use crate::admin::error::ScimError;
use crate::admin::gate::Call;
use crate::admin::input::{self, Purpose};
use crate::admin::listing::{Listing, selection_of};
use crate::admin::patch as patching;
use crate::admin::schema::{Returned, Schema};
use crate::admin::select::{Selection, sort};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

/// The id in a path.
type Id = Result<Path<String>, PathRejection>;

const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// A parameter that asks to delete what is in use, which is always done.
const FORCE: &str = "forceDelete";

/// The answer, or the refusal in the type that the client takes.
pub(in crate::admin) fn answered(wanted: Wanted, result: Result<Response, ScimError>) -> Response {
    result.unwrap_or_else(|refused| refused.typed_for(wanted).into_response())
}

/// `GET /admin/v1/<Type>`.
pub(in crate::admin) async fn list<R: Shown>(call: Call, request: Request) -> Response {
    let listing = Listing::of_query(R::SCHEMA, request.uri().query().unwrap_or_default());
    let result = match listing {
        Ok(listing) => listed::<R>(&call, &listing).await,
        Err(refused) => Err(refused),
    };
    answered(call.wanted, result)
}

/// `POST /admin/v1/<Type>/.search`.
pub(in crate::admin) async fn search<R: Shown>(call: Call, request: Request) -> Response {
    answered(call.wanted, searched::<R>(&call, request).await)
}

/// `GET /admin/v1/<Type>/{id}`.
pub(in crate::admin) async fn show<R: Shown>(call: Call, id: Id, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    answered(call.wanted, shown::<R>(&call, id, &parts).await)
}

/// `POST /admin/v1/<Type>`.
pub(in crate::admin) async fn create<R: Made>(call: Call, request: Request) -> Response {
    answered(call.wanted, created::<R>(&call, request).await)
}

/// `PUT /admin/v1/<Type>/{id}`.
pub(in crate::admin) async fn replace<R: Changed>(
    call: Call,
    id: Id,
    request: Request,
) -> Response {
    let result = changed::<R>(&call, id, request, |_, _, sent| Ok(sent)).await;
    answered(call.wanted, result)
}

/// `PATCH /admin/v1/<Type>/{id}`.
pub(in crate::admin) async fn patch<R: Changed>(call: Call, id: Id, request: Request) -> Response {
    let patched = |schema: &Schema, current: &Value, sent: Value| {
        patching::apply(schema, current, &patching::read(schema, &sent)?)
    };
    answered(call.wanted, changed::<R>(&call, id, request, patched).await)
}

/// `DELETE /admin/v1/<Type>/{id}`.
pub(in crate::admin) async fn delete<R: Made>(call: Call, id: Id, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    answered(call.wanted, deleted::<R>(&call, id, &parts).await)
}

async fn searched<R: Shown>(call: &Call, request: Request) -> Result<Response, ScimError> {
    let (parts, sent) = body::read(call, request).await?;
    selection_of(R::SCHEMA, parts.uri.query().unwrap_or_default(), &[])?;
    listed::<R>(call, &Listing::of_search(R::SCHEMA, &sent)?).await
}

async fn listed<R: Shown>(call: &Call, listing: &Listing) -> Result<Response, ScimError> {
    let mut all = R::all(call, &|name| listing.needs(name)).await?;
    if let Some(filter) = &listing.filter {
        all.retain(|one| filter.holds(one));
    }
    if let Some(path) = &listing.sort_by {
        sort(&mut all, path, listing.descending);
    }
    let total = all.len();
    let skipped = usize::try_from(listing.start - 1).unwrap_or(usize::MAX);
    let count = usize::try_from(listing.count).unwrap_or(usize::MAX);
    let page: Vec<Value> = all
        .iter()
        .skip(skipped)
        .take(count)
        .map(|one| listing.selection.of(R::SCHEMA, one))
        .collect();
    let body = json!({
        "schemas": [LIST_RESPONSE], "totalResults": total, "startIndex": listing.start,
        "itemsPerPage": page.len(), "Resources": page,
    });
    let mut response = answer::json(call.wanted, StatusCode::OK, &body);
    let next = skipped.saturating_add(page.len());
    if next < total && !page.is_empty() {
        // How Oracle's own clients go through a list.
        response.headers_mut().insert("opc-next-page", (next + 1).into());
    }
    response.headers_mut().insert("opc-total-items", total.into());
    Ok(response)
}

async fn shown<R: Shown>(call: &Call, id: Id, parts: &Parts) -> Result<Response, ScimError> {
    let query = parts.uri.query().unwrap_or_default();
    let selection = selection_of(R::SCHEMA, query, &[])?;
    let item = existing::<R>(call, id).await?;
    let told = R::told(call, &item, &|name| wanted::<R>(&selection, name)).await?;
    if is_known(&parts.headers, version_of(&told)) {
        return Ok(answer::empty(StatusCode::NOT_MODIFIED));
    }
    Ok(selected::<R>(call, StatusCode::OK, &selection, &told))
}

async fn created<R: Made>(call: &Call, request: Request) -> Result<Response, ScimError> {
    let (parts, sent) = body::read(call, request).await?;
    let selection = selection_of(R::SCHEMA, parts.uri.query().unwrap_or_default(), &[])?;
    let input = input::read(R::SCHEMA, &sent, Purpose::Create)?;
    let (item, once) = R::create(call, input).await?;
    let mut told = R::told(call, &item, &|name| wanted::<R>(&selection, name)).await?;
    if let Some(fields) = told.as_object_mut() {
        fields.extend(once);
    }
    Ok(selected::<R>(call, StatusCode::CREATED, &selection, &told))
}

async fn changed<R: Changed>(
    call: &Call,
    id: Id,
    request: Request,
    next: impl Fn(&Schema, &Value, Value) -> Result<Value, ScimError>,
) -> Result<Response, ScimError> {
    let (parts, sent) = body::read(call, request).await?;
    let selection = selection_of(R::SCHEMA, parts.uri.query().unwrap_or_default(), &[])?;
    // What was looked at must still be so when it is changed.
    let _one_at_a_time = call.identity().administering().await;
    let item = existing::<R>(call, id).await?;
    let current = R::told(call, &item, &is_default::<R>).await?;
    must_match(&parts.headers, version_of(&current))?;
    let wanted_state = next(R::SCHEMA, &current, sent)?;
    let input = input::read(R::SCHEMA, &wanted_state, Purpose::Change(&current))?;
    let item = R::change(call, &item, input).await?;
    let told = R::told(call, &item, &|name| wanted::<R>(&selection, name)).await?;
    Ok(selected::<R>(call, StatusCode::OK, &selection, &told))
}

async fn deleted<R: Made>(call: &Call, id: Id, parts: &Parts) -> Result<Response, ScimError> {
    selection_of(R::SCHEMA, parts.uri.query().unwrap_or_default(), &[FORCE])?;
    let _one_at_a_time = call.identity().administering().await;
    let item = existing::<R>(call, id).await?;
    let current = R::told(call, &item, &|_| false).await?;
    must_match(&parts.headers, version_of(&current))?;
    R::delete(call, &item).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

async fn existing<R: Shown>(call: &Call, id: Id) -> Result<R::Item, ScimError> {
    let Ok(Path(id)) = id else {
        return Err(ScimError::syntax("a part of the path is not percent-encoded UTF-8"));
    };
    let found = R::find(call, &id).await?;
    found.ok_or_else(|| ScimError::not_found(R::SCHEMA.name, &id))
}

/// Of one resource, everything is looked up that is told by default.
fn wanted<R: Shown>(selection: &Selection, name: &str) -> bool {
    is_default::<R>(name) || selection.wants(name)
}

fn is_default<R: Shown>(name: &str) -> bool {
    let attribute = R::SCHEMA.attribute(name);
    attribute.is_some_and(|attribute| attribute.returned == Returned::Default)
}

fn selected<R: Shown>(
    call: &Call,
    status: StatusCode,
    selection: &Selection,
    told: &Value,
) -> Response {
    let body = selection.of(R::SCHEMA, told);
    answer::resource(call.wanted, status, told.get("meta").unwrap_or(&Value::Null), &body)
}

/// The version that a resource says it has.
pub(in crate::admin) fn version_of(told: &Value) -> &str {
    told.get("meta")
        .and_then(|meta| meta.get("version"))
        .and_then(Value::as_str)
        .unwrap_or_default()
}
