//! Every route of `/api/v1`, and what a caller must hold for it. The router is made from this table and nothing else.

use super::callback::callback;
use super::gate::{Gate, gate};
use super::{definitions, files, runs};
use crate::app::App;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, on};
use dayend_identity::caller::Function::{self, Define, Exec, FilePut, FileView, Operate, View};
use dayend_service::requests::TaskVerb;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Everybody: no token is looked at.
    Public,
    /// Callers that hold one of these in the scope of the request.
    AnyOf(&'static [Function]),
}

/// One line of the table.
pub(super) struct Route {
    pub(super) method: MethodFilter,
    pub(super) path: &'static str,
    pub(super) access: Access,
    handler: fn(MethodFilter) -> MethodRouter<App>,
}

const SEE: Access = Access::AnyOf(&[View, Exec, Operate]);
const SEE_DEFINITIONS: Access = Access::AnyOf(&[View, Define]);
const EXECUTE: Access = Access::AnyOf(&[Exec]);
const OPERATE: Access = Access::AnyOf(&[Operate]);
/// With command tasks the use case asks for another one as well.
const DEFINE: Access = Access::AnyOf(&[Define]);

const SEE_FILES: Access = Access::AnyOf(&[FileView]);
const PUT_FILES: Access = Access::AnyOf(&[FilePut]);
/// What a link gives, the use case asks for.
const LINK: Access = Access::AnyOf(&[FilePut, FileView]);

const GET: MethodFilter = MethodFilter::GET;
const POST: MethodFilter = MethodFilter::POST;
const PUT: MethodFilter = MethodFilter::PUT;
const DELETE: MethodFilter = MethodFilter::DELETE;

/// The table.
#[rustfmt::skip]
pub(super) const ROUTES: [Route; 23] = [
    route(POST, "/api/v1/callbacks/{token}",                           Access::Public,  |method| on(method, callback)),
    route(GET,  "/api/v1/schema",                                      Access::Public,  |method| on(method, definitions::schema)),
    route(POST, "/api/v1/definitions",                                 DEFINE,          |method| on(method, definitions::apply)),
    route(GET,  "/api/v1/definitions",                                 SEE_DEFINITIONS, |method| on(method, definitions::export)),
    route(POST, "/api/v1/runs",                                        EXECUTE,         |method| on(method, runs::trigger)),
    route(GET,  "/api/v1/runs",                                        SEE,             |method| on(method, runs::list)),
    route(GET,  "/api/v1/runs/{run_id}",                               SEE,             |method| on(method, runs::show)),
    route(GET,  "/api/v1/runs/{run_id}/tasks/{task}/log",              SEE,             |method| on(method, runs::log)),
    route(POST, "/api/v1/runs/{run_id}/interrupt",                     EXECUTE,         |method| on(method, runs::interrupt)),
    route(POST, "/api/v1/runs/{run_id}/restart",                       EXECUTE,         |method| on(method, runs::restart)),
    route(POST, "/api/v1/runs/{run_id}/rerun",                         EXECUTE,         |method| on(method, runs::rerun)),
    route(POST, "/api/v1/runs/{run_id}/tasks/{task}/hold",             OPERATE,         |method| verb(method, TaskVerb::Hold)),
    route(POST, "/api/v1/runs/{run_id}/tasks/{task}/release",          OPERATE,         |method| verb(method, TaskVerb::Release)),
    route(POST, "/api/v1/runs/{run_id}/tasks/{task}/exclude",          OPERATE,         |method| verb(method, TaskVerb::Exclude)),
    route(POST, "/api/v1/runs/{run_id}/tasks/{task}/include",          OPERATE,         |method| verb(method, TaskVerb::Include)),
    route(POST, "/api/v1/runs/{run_id}/tasks/{task}/force-ok",         OPERATE,         |method| verb(method, TaskVerb::ForceOk)),
    route(GET,  "/api/v1/files",                                       SEE_FILES,       |method| on(method, files::list)),
    route(GET,  "/api/v1/files/{*name}",                               SEE_FILES,       |method| on(method, files::get)),
    route(PUT,  "/api/v1/files/{*name}",                               PUT_FILES,       |method| on(method, files::put)),
    route(DELETE, "/api/v1/files/{*name}",                             PUT_FILES,       |method| on(method, files::remove)),
    route(POST, "/api/v1/file-links",                                  LINK,            |method| on(method, files::make_link)),
    route(GET,  "/api/v1/file-links",                                  LINK,            |method| on(method, files::list_links)),
    route(DELETE, "/api/v1/file-links/{id}",                           PUT_FILES,       |method| on(method, files::revoke_link)),
];

const fn route(
    method: MethodFilter,
    path: &'static str,
    access: Access,
    handler: fn(MethodFilter) -> MethodRouter<App>,
) -> Route {
    Route { method, path, access, handler }
}

fn verb(method: MethodFilter, verb: TaskVerb) -> MethodRouter<App> {
    on(method, move |app, permitted, path, request| runs::task(verb, app, permitted, path, request))
}

/// `/api/v1/…`, each route behind its gate.
pub fn router(app: &App) -> Router<App> {
    ROUTES.iter().fold(Router::new(), |router, route| {
        let handler = (route.handler)(route.method);
        let guarded = match route.access {
            Access::Public => handler,
            Access::AnyOf(functions) => {
                handler.route_layer(from_fn_with_state(Gate { app: app.clone(), functions }, gate))
            }
        };
        router.route(route.path, guarded)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_route_is_there_twice_or_open_by_accident() {
        let keys: BTreeSet<_> =
            ROUTES.iter().map(|route| (route.path, name(route.method))).collect();
        assert_eq!(keys.len(), ROUTES.len());
        for route in &ROUTES {
            assert_ne!(route.access, Access::AnyOf(&[]), "{} {}", name(route.method), route.path);
            let changes = route.method != GET;
            let seeing = [SEE, SEE_DEFINITIONS, SEE_FILES].contains(&route.access);
            assert!(
                !(changes && seeing),
                "{} {} changes something",
                name(route.method),
                route.path
            );
        }
    }

    #[test]
    fn the_table_is_what_the_manual_says() {
        let lines: Vec<String> = ROUTES
            .iter()
            .map(|route| format!("{} {} {}", name(route.method), route.path, needs(route.access)))
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        POST /api/v1/callbacks/{token} public
        GET /api/v1/schema public
        POST /api/v1/definitions BATCH_MOD
        GET /api/v1/definitions BATCH_VIEW|BATCH_MOD
        POST /api/v1/runs BATCH_EXEC
        GET /api/v1/runs BATCH_VIEW|BATCH_EXEC|BATCH_OPER
        GET /api/v1/runs/{run_id} BATCH_VIEW|BATCH_EXEC|BATCH_OPER
        GET /api/v1/runs/{run_id}/tasks/{task}/log BATCH_VIEW|BATCH_EXEC|BATCH_OPER
        POST /api/v1/runs/{run_id}/interrupt BATCH_EXEC
        POST /api/v1/runs/{run_id}/restart BATCH_EXEC
        POST /api/v1/runs/{run_id}/rerun BATCH_EXEC
        POST /api/v1/runs/{run_id}/tasks/{task}/hold BATCH_OPER
        POST /api/v1/runs/{run_id}/tasks/{task}/release BATCH_OPER
        POST /api/v1/runs/{run_id}/tasks/{task}/exclude BATCH_OPER
        POST /api/v1/runs/{run_id}/tasks/{task}/include BATCH_OPER
        POST /api/v1/runs/{run_id}/tasks/{task}/force-ok BATCH_OPER
        GET /api/v1/files FILE_VIEW
        GET /api/v1/files/{*name} FILE_VIEW
        PUT /api/v1/files/{*name} FILE_PUT
        DELETE /api/v1/files/{*name} FILE_PUT
        POST /api/v1/file-links FILE_PUT|FILE_VIEW
        GET /api/v1/file-links FILE_PUT|FILE_VIEW
        DELETE /api/v1/file-links/{id} FILE_PUT
        ");
    }

    fn name(method: MethodFilter) -> &'static str {
        let names = [(GET, "GET"), (POST, "POST"), (PUT, "PUT"), (DELETE, "DELETE")];
        names.into_iter().find(|(known, _)| *known == method).expect("a known method").1
    }

    fn needs(access: Access) -> String {
        match access {
            Access::Public => "public".to_owned(),
            Access::AnyOf(functions) => {
                functions.iter().map(|function| function.as_str()).collect::<Vec<_>>().join("|")
            }
        }
    }
}
