//! Where files answer.

use super::calls;
use super::door;
use crate::app::App;
use axum::Router;
use axum::routing::{any, get, post, put};

/// The calls below a tenant's name, and everything below `/p/`.
pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/{tenant}/dsa/utils/getObjStoreParUrl", post(calls::get_obj_store_par_url))
        .route("/{tenant}/dsa-ext/v1/fileupd/gen-par", post(calls::gen_par))
        .route("/{tenant}/utils-service/v1/file/uploadfile/parURL", post(calls::upload_par_url))
        .route("/{tenant}/utils-service/v1/file/scan/{number}", put(calls::scan))
        .route("/{tenant}/utils-service/v1/file/download", get(calls::download))
        .route("/{tenant}/utils-service/v1/file/downloadfile/{number}", get(calls::download_file))
        .route("/{tenant}/utils-service/v1/listfiles", get(calls::list_files))
        .route("/p/{*rest}", any(door::enter))
}
