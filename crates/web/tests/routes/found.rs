//! The routes as the router has them: its debug text is all that it tells.

use axum::Router;
use dayend_web::app::App;
use std::collections::BTreeSet;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// A route that takes any method.
const ANY: &str = "ANY";

/// `METHOD /path` of every route; those of the five calls are not the router's.
pub(crate) fn routes(app: &App) -> BTreeSet<String> {
    let router: Router<App> = dayend_web::server::routes(app);
    let text = format!("{router:?}");
    let own = text.split("fallback_router: ").next().unwrap();
    let (handlers, node) = own.split_once("node: Node { paths: {").unwrap();
    let path_of = |id: &str| {
        let found = node.split_once(&format!("RouteId({id}): \"")).map(|(_, rest)| rest);
        found.and_then(|rest| rest.split('"').next()).unwrap_or_else(|| panic!("no path of {id}"))
    };
    let mut found = BTreeSet::new();
    for part in handlers.split("RouteId(").skip(1) {
        let (id, rest) = part.split_once("): ").unwrap();
        let methods: Vec<String> = METHODS
            .iter()
            .filter(|method| !rest.contains(&format!(" {method}: None")))
            .map(|method| method.to_uppercase())
            .collect();
        let methods = if methods.is_empty() { vec![ANY.to_owned()] } else { methods };
        found.extend(methods.iter().map(|method| format!("{method} {}", path_of(id))));
    }
    found
}
