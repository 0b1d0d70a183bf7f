//! The calls that hand out URLs, as the cloud service documents them: same token and headers as the scheduler's.
//!
//! Their answers are compact on purpose: scripts cut URLs and ids out of them with `grep -o 'https[^ ]*'`.

mod answer;
mod asked;
mod download;
mod listing;
mod par_url;
mod scan;

pub(super) use download::{download, download_file};
pub(super) use listing::list_files;
pub(super) use par_url::{gen_par, get_obj_store_par_url, upload_par_url};
pub(super) use scan::scan;
