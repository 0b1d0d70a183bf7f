//! Each route, and by which door it is entered. A route that is new needs a row here.

use std::collections::BTreeMap;

/// What a caller must bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// Nothing: what is answered is everybody's.
    Everybody,
    /// The secret in the address itself.
    Address,
    /// An app's own credentials, or a person's.
    Credentials,
    /// A session in a browser.
    Session,
    /// An access token whose caller holds a right.
    Right,
    /// An access token of anybody: the answer is about the caller alone.
    Oneself,
    /// An access token of anybody: the answer is the same for all.
    AnyToken,
}

use Door::{Address, AnyToken, Credentials, Everybody, Oneself, Right, Session};

const ADMIN: &str = "/admin/v1";

/// `METHOD /path` of every route that the router should have.
pub(crate) fn doors() -> BTreeMap<String, Door> {
    let mut all: Vec<(String, Door)> =
        ROWS.iter().map(|(route, door)| ((*route).to_owned(), *door)).collect();
    for (noun, methods) in [
        ("Apps", "GET POST PUT PATCH DELETE search"),
        ("Users", "GET POST PUT PATCH DELETE search"),
        ("Groups", "GET POST PUT PATCH DELETE search"),
        ("AppRoles", "GET search"),
        ("Grants", "GET POST DELETE search"),
    ] {
        for method in methods.split(' ') {
            match method {
                "search" => all.push((format!("POST {ADMIN}/{noun}/.search"), Right)),
                "POST" => all.push((format!("POST {ADMIN}/{noun}"), Right)),
                "GET" => {
                    all.push((format!("GET {ADMIN}/{noun}"), Right));
                    all.push((format!("GET {ADMIN}/{noun}/{{id}}"), Right));
                }
                one => all.push((format!("{one} {ADMIN}/{noun}/{{id}}"), Right)),
            }
        }
    }
    let verbs = ["hold", "release", "exclude", "include", "force-ok"];
    all.extend(
        verbs.map(|verb| (format!("POST /api/v1/runs/{{run_id}}/tasks/{{task}}/{verb}"), Right)),
    );
    let count = all.len();
    let doors: BTreeMap<String, Door> = all.into_iter().collect();
    assert_eq!(doors.len(), count, "a row is there twice");
    doors
}

/// The five calls, which are answered before the router is asked.
pub(crate) fn calls() -> Vec<String> {
    let verbs = ["trigger", "status", "interrupt", "restart", "rerun"];
    let path = |prefix: &str, verb: &str| format!("POST {prefix}/rest-api/v1/external/{verb}");
    let prefixes = ["", "/SchedulerService"].into_iter();
    prefixes.flat_map(|prefix| verbs.map(|verb| path(prefix, verb))).collect()
}

#[rustfmt::skip]
const ROWS: &[(&str, Door)] = &[
    ("GET /health",                                     Everybody),
    ("GET /ready",                                      Everybody),
    ("GET /ca.pem",                                     Everybody),
    ("GET /.well-known/openid-configuration",           Everybody),
    ("GET /.well-known/oauth-authorization-server",     Everybody),
    ("GET /.well-known/idcs-configuration",             Everybody),
    ("GET /admin/v1/SigningCert/jwk",                   Everybody),
    ("ANY /admin/v1/{*rest}",                           Everybody),
    ("GET /api/v1/schema",                              Everybody),

    ("POST /api/v1/callbacks/{token}",                  Address),
    ("ANY /p/{*rest}",                                  Address),
    ("GET /ui/v1/reset/{link}",                         Address),
    ("POST /ui/v1/reset/{link}",                        Address),

    ("POST /oauth2/v1/token",                           Credentials),
    ("POST /oauth2/v1/introspect",                      Credentials),
    ("POST /oauth2/v1/revoke",                          Credentials),
    ("GET /ws/rest/service/v1/oauth/token",             Credentials),
    ("GET /ws/rest/service/v2/auth/token",              Credentials),
    ("POST /oauth2/v1/device",                          Credentials),

    ("GET /oauth2/v1/authorize",                        Session),
    ("POST /oauth2/v1/authorize",                       Session),
    ("GET /oauth2/v1/userlogout",                       Session),
    ("POST /oauth2/v1/userlogout",                      Session),
    ("GET /ui/v1/style.css",                            Everybody),
    ("GET /ui/v1/signin",                               Everybody),
    ("POST /ui/v1/signin",                              Session),
    ("GET /ui/v1/reset",                                Everybody),
    ("POST /ui/v1/reset",                               Session),
    ("GET /ui/v1/",                                     Session),
    ("POST /ui/v1/consent",                             Session),
    ("GET /ui/v1/tokens",                               Session),
    ("POST /ui/v1/tokens",                              Session),
    ("GET /ui/v1/password",                             Session),
    ("POST /ui/v1/password",                            Session),
    ("GET /ui/v1/consents",                             Session),
    ("POST /ui/v1/consents",                            Session),
    ("GET /ui/v1/device",                               Session),
    ("POST /ui/v1/device",                              Session),
    ("GET /ui/v1/apps",                                 Session),
    ("GET /ui/v1/apps/{client_id}",                     Session),
    ("POST /ui/v1/apps/{client_id}",                    Session),

    ("GET /oauth2/v1/userinfo",                         Oneself),
    ("POST /oauth2/v1/userinfo",                        Oneself),
    ("GET /admin/v1/Me",                                Oneself),
    ("PATCH /admin/v1/Me",                              Oneself),
    ("PUT /admin/v1/MePasswordChanger",                 Oneself),
    ("GET /admin/v1/ServiceProviderConfig",             AnyToken),
    ("GET /admin/v1/ResourceTypes",                     AnyToken),
    ("GET /admin/v1/ResourceTypes/{name}",              AnyToken),
    ("GET /admin/v1/Schemas",                           AnyToken),
    ("GET /admin/v1/Schemas/{name}",                    AnyToken),

    ("PUT /admin/v1/AppStatusChanger/{id}",             Right),
    ("POST /admin/v1/AppClientSecretRegenerator",       Right),
    ("PUT /admin/v1/UserStatusChanger/{id}",            Right),
    ("PUT /admin/v1/UserPasswordChanger/{id}",          Right),
    ("PUT /admin/v1/UserPasswordResetter/{id}",         Right),
    ("GET /api/v1/definitions",                         Right),
    ("POST /api/v1/definitions",                        Right),
    ("GET /api/v1/runs",                                Right),
    ("POST /api/v1/runs",                               Right),
    ("GET /api/v1/runs/{run_id}",                       Right),
    ("GET /api/v1/runs/{run_id}/tasks/{task}/log",      Right),
    ("POST /api/v1/runs/{run_id}/interrupt",            Right),
    ("POST /api/v1/runs/{run_id}/restart",              Right),
    ("POST /api/v1/runs/{run_id}/rerun",                Right),
    ("GET /api/v1/files",                               Right),
    ("GET /api/v1/files/{*name}",                       Right),
    ("PUT /api/v1/files/{*name}",                       Right),
    ("DELETE /api/v1/files/{*name}",                    Right),
    ("GET /api/v1/file-links",                          Right),
    ("POST /api/v1/file-links",                         Right),
    ("DELETE /api/v1/file-links/{id}",                  Right),
    ("POST /{tenant}/dsa/utils/getObjStoreParUrl",              Right),
    ("POST /{tenant}/dsa-ext/v1/fileupd/gen-par",               Right),
    ("POST /{tenant}/utils-service/v1/file/uploadfile/parURL",  Right),
    ("PUT /{tenant}/utils-service/v1/file/scan/{number}",       Right),
    ("GET /{tenant}/utils-service/v1/file/download",            Right),
    ("GET /{tenant}/utils-service/v1/file/downloadfile/{number}", Right),
    ("GET /{tenant}/utils-service/v1/listfiles",                Right),
];
