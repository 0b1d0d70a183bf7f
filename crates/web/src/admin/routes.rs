//! Where the administrative endpoints are, and what a caller needs for each. The router is made from this table.

use super::authority::authority;
use super::gate::{Access, Gate, gate, method_not_allowed, not_found};
use super::resources::{
    AppRoles, Apps, Grants, Groups, Users, create, delete, list, patch, patch_me, replace, search,
    show, show_me,
};
use super::signing_cert::signing_cert;
use super::{about, changers};
use crate::app::App;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, any, get, on};
use dayend_identity::admin::Power::{
    ManageApps, ManageGrants, ManageGroups, ManageUsers, SeeApps, SeeGrants, SeeGroups, SeeUsers,
};

/// One line of the table.
pub(super) struct Route {
    pub(super) method: MethodFilter,
    pub(super) path: &'static str,
    pub(super) access: Access,
    handler: fn(MethodFilter) -> MethodRouter<App>,
}

const GET: MethodFilter = MethodFilter::GET;
const POST: MethodFilter = MethodFilter::POST;
const PUT: MethodFilter = MethodFilter::PUT;
const PATCH: MethodFilter = MethodFilter::PATCH;
const DELETE: MethodFilter = MethodFilter::DELETE;

/// The table.
#[rustfmt::skip]
pub(super) const ROUTES: [Route; 40] = [
    route(GET,    "/admin/v1/Apps",                        Access::Needs(SeeApps),      |method| on(method, list::<Apps>)),
    route(POST,   "/admin/v1/Apps/.search",                Access::Needs(SeeApps),      |method| on(method, search::<Apps>)),
    route(GET,    "/admin/v1/Apps/{id}",                   Access::Needs(SeeApps),      |method| on(method, show::<Apps>)),
    route(POST,   "/admin/v1/Apps",                        Access::Needs(ManageApps),   |method| on(method, create::<Apps>)),
    route(PUT,    "/admin/v1/Apps/{id}",                   Access::Needs(ManageApps),   |method| on(method, replace::<Apps>)),
    route(PATCH,  "/admin/v1/Apps/{id}",                   Access::Needs(ManageApps),   |method| on(method, patch::<Apps>)),
    route(DELETE, "/admin/v1/Apps/{id}",                   Access::Needs(ManageApps),   |method| on(method, delete::<Apps>)),
    route(PUT,    "/admin/v1/AppStatusChanger/{id}",       Access::Needs(ManageApps),   |method| on(method, changers::change_app_status)),
    route(POST,   "/admin/v1/AppClientSecretRegenerator",  Access::Needs(ManageApps),   |method| on(method, changers::regenerate_secret)),
    route(GET,    "/admin/v1/Users",                       Access::Needs(SeeUsers),     |method| on(method, list::<Users>)),
    route(POST,   "/admin/v1/Users/.search",               Access::Needs(SeeUsers),     |method| on(method, search::<Users>)),
    route(GET,    "/admin/v1/Users/{id}",                  Access::Needs(SeeUsers),     |method| on(method, show::<Users>)),
    route(POST,   "/admin/v1/Users",                       Access::Needs(ManageUsers),  |method| on(method, create::<Users>)),
    route(PUT,    "/admin/v1/Users/{id}",                  Access::Needs(ManageUsers),  |method| on(method, replace::<Users>)),
    route(PATCH,  "/admin/v1/Users/{id}",                  Access::Needs(ManageUsers),  |method| on(method, patch::<Users>)),
    route(DELETE, "/admin/v1/Users/{id}",                  Access::Needs(ManageUsers),  |method| on(method, delete::<Users>)),
    route(PUT,    "/admin/v1/UserStatusChanger/{id}",      Access::Needs(ManageUsers),  |method| on(method, changers::change_user_status)),
    route(PUT,    "/admin/v1/UserPasswordChanger/{id}",    Access::Needs(ManageUsers),  |method| on(method, changers::change_password)),
    route(PUT,    "/admin/v1/UserPasswordResetter/{id}",   Access::Needs(ManageUsers),  |method| on(method, changers::reset_password)),
    route(GET,    "/admin/v1/Groups",                      Access::Needs(SeeGroups),    |method| on(method, list::<Groups>)),
    route(POST,   "/admin/v1/Groups/.search",              Access::Needs(SeeGroups),    |method| on(method, search::<Groups>)),
    route(GET,    "/admin/v1/Groups/{id}",                 Access::Needs(SeeGroups),    |method| on(method, show::<Groups>)),
    route(POST,   "/admin/v1/Groups",                      Access::Needs(ManageGroups), |method| on(method, create::<Groups>)),
    route(PUT,    "/admin/v1/Groups/{id}",                 Access::Needs(ManageGroups), |method| on(method, replace::<Groups>)),
    route(PATCH,  "/admin/v1/Groups/{id}",                 Access::Needs(ManageGroups), |method| on(method, patch::<Groups>)),
    route(DELETE, "/admin/v1/Groups/{id}",                 Access::Needs(ManageGroups), |method| on(method, delete::<Groups>)),
    route(GET,    "/admin/v1/AppRoles",                    Access::Needs(SeeGrants),    |method| on(method, list::<AppRoles>)),
    route(POST,   "/admin/v1/AppRoles/.search",            Access::Needs(SeeGrants),    |method| on(method, search::<AppRoles>)),
    route(GET,    "/admin/v1/AppRoles/{id}",               Access::Needs(SeeGrants),    |method| on(method, show::<AppRoles>)),
    route(GET,    "/admin/v1/Grants",                      Access::Needs(SeeGrants),    |method| on(method, list::<Grants>)),
    route(POST,   "/admin/v1/Grants/.search",              Access::Needs(SeeGrants),    |method| on(method, search::<Grants>)),
    route(GET,    "/admin/v1/Grants/{id}",                 Access::Needs(SeeGrants),    |method| on(method, show::<Grants>)),
    route(POST,   "/admin/v1/Grants",                      Access::Needs(ManageGrants), |method| on(method, create::<Grants>)),
    route(DELETE, "/admin/v1/Grants/{id}",                 Access::Needs(ManageGrants), |method| on(method, delete::<Grants>)),
    route(GET,    "/admin/v1/Me",                          Access::Oneself,             |method| on(method, show_me)),
    route(PATCH,  "/admin/v1/Me",                          Access::Oneself,             |method| on(method, patch_me)),
    route(PUT,    "/admin/v1/MePasswordChanger",           Access::Oneself,             |method| on(method, changers::change_my_password)),
    route(GET,    "/admin/v1/ServiceProviderConfig",       Access::Anybody,             |method| on(method, about::config)),
    route(GET,    "/admin/v1/ResourceTypes",               Access::Anybody,             |method| on(method, about::resource_types)),
    route(GET,    "/admin/v1/Schemas",                     Access::Anybody,             |method| on(method, about::schemas)),
];

/// Two that have names in the place of ids.
#[rustfmt::skip]
const NAMED: [Route; 2] = [
    route(GET,    "/admin/v1/ResourceTypes/{name}",        Access::Anybody,             |method| on(method, about::one_resource_type)),
    route(GET,    "/admin/v1/Schemas/{name}",              Access::Anybody,             |method| on(method, about::one_schema)),
];

const fn route(
    method: MethodFilter,
    path: &'static str,
    access: Access,
    handler: fn(MethodFilter) -> MethodRouter<App>,
) -> Route {
    Route { method, path, access, handler }
}

/// `/admin/v1/…`, each route behind its gate, and `/ca.pem`.
pub fn router(app: &App) -> Router<App> {
    let guarded = ROUTES.iter().chain(&NAMED).fold(Router::new(), |router, route| {
        let gated = Gate { app: app.clone(), access: route.access };
        let handler = (route.handler)(route.method);
        router.route(route.path, handler.route_layer(from_fn_with_state(gated, gate)))
    });
    guarded
        .route("/admin/v1/SigningCert/jwk", get(signing_cert))
        .route("/admin/v1/{*rest}", any(not_found))
        .method_not_allowed_fallback(method_not_allowed)
        .route("/ca.pem", get(authority))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_route_is_there_twice_or_changes_something_for_whoever_may_only_see() {
        let all: Vec<&Route> = ROUTES.iter().chain(&NAMED).collect();
        let keys: BTreeSet<_> = all.iter().map(|route| (route.path, name(route.method))).collect();
        assert_eq!(keys.len(), all.len());
        for route in all {
            let changes = route.method != GET && !route.path.ends_with("/.search");
            let seeing = matches!(
                route.access,
                Access::Anybody | Access::Needs(SeeApps | SeeUsers | SeeGroups | SeeGrants)
            );
            assert!(!(changes && seeing), "{} {}", name(route.method), route.path);
        }
    }

    fn name(method: MethodFilter) -> String {
        format!("{method:?}")
    }
}
