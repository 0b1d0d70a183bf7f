//! The status of a run from what its nodes show.

use dayend_engine::status::Status;

/// Of what the reachable nodes show; nothing waits that could start without a person.
pub(crate) fn roll_up(shown: &[Status]) -> Status {
    for status in [
        Status::OnGoing,
        Status::Interrupted,
        Status::Failed,
        Status::Aborted,
        Status::Held,
        Status::NotStarted,
    ] {
        if shown.contains(&status) {
            return status;
        }
    }
    let all_excluded = shown.iter().all(|status| *status == Status::Excluded);
    if all_excluded { Status::Excluded } else { Status::Successful }
}
