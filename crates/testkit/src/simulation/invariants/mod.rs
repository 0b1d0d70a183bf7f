//! What must hold, each a function of its own over committed rows, history, answers and what a witness saw.

mod answers;
mod history;
mod known;
mod must;
mod rest;
mod rows;
mod transitions;
mod views;
mod witness;

pub(super) use answers::{answered_after_the_commit, every_request_left_its_traces};
pub(super) use history::Watch;
use must::must;
pub(super) use rest::{
    everything_ended, held_nodes, nothing_stays_in_memory, only_holds_keep_runs_open,
    only_the_owner_conducts,
};
pub(super) use views::{views_are_the_rows, views_show_what_was_acknowledged};
pub(super) use witness::{
    begun_by_rule, dispatched_before_started, one_process_a_task, started_once,
    starts_what_was_accepted, what_is_to_stop_was_told,
};
