//! What readers see without waiting for anybody.

use super::history::{Seen, Watch};
use super::must;
use crate::simulation::clients::TENANT;
use crate::simulation::server::Server;
use crate::simulation::tables::Tables;
use dayend_engine::codes::RunKey;

type Check = Result<(), String>;

/// The view of a live run is the rows as of the last commit that the server knows of: nothing earlier, nothing later.
pub(in crate::simulation) fn views_show_what_was_acknowledged(
    server: &Server,
    watch: &Watch,
) -> Check {
    for (run, seen) in watch.seen.iter().filter(|(_, seen)| !seen.state.ended) {
        view_is(server, watch, *run, seen)?;
    }
    Ok(())
}

/// When nothing goes on, all views are the rows, and every run that has not ended has one.
pub(in crate::simulation) fn views_are_the_rows(
    server: Option<&Server>,
    tables: &Tables,
    watch: &Watch,
) -> Check {
    let Some(server) = server else { return Err("there is no server".to_owned()) };
    for (run, row) in &tables.runs {
        view_is(server, watch, *run, &watch.seen_of(*run)?)?;
        let found = server.views.find(TENANT, row.run_id.as_str()).is_some();
        must(found || row.state.ended, || format!("{run:?} goes on without a view"))?;
    }
    Ok(())
}

fn view_is(server: &Server, watch: &Watch, run: RunKey, want: &Seen) -> Check {
    let Some(view) = server.views.find(TENANT, watch.known(run)?.run_id.as_str()) else {
        return Ok(());
    };
    let got = view.read(|seen| Seen { state: seen.state.clone(), shown: seen.shown.clone() });
    must(got == *want, || format!("the view of {run:?} is {got:?} instead of {want:?}"))
}
