//! How far a run is, on stderr: a bar on a terminal, a line for each change otherwise.

use super::voice::Voice;
use dayend_wire::codes::State;
use dayend_wire::runs::ApiRun;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;

/// Follows one run.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    seen: BTreeMap<String, State>,
}

impl Progress {
    /// Shows the progress through `voice`.
    pub(crate) fn new(voice: &Voice, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let style =
            ProgressStyle::with_template("{elapsed_precise} [{bar:30}] {pos}/{len} {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        if !quiet {
            voice.show_bar(&bar);
        }
        Self { bar, seen: BTreeMap::new() }
    }

    /// Shows a run that has changed; members of a group, tasks of a batch.
    pub(crate) fn show(&mut self, run: &ApiRun, voice: &Voice) {
        let members = run.members.iter().map(|member| (&member.code, member.status));
        let tasks = run.tasks.iter().map(|task| (&task.code, task.status));
        let nodes: Vec<_> = members.chain(tasks).collect();
        let settled = nodes
            .iter()
            .filter(|(_, state)| !matches!(state, State::NotStarted | State::OnGoing))
            .count();
        self.bar.set_length(count(nodes.len()));
        self.bar.set_position(count(settled));
        let running: Vec<&str> = nodes
            .iter()
            .filter(|(_, state)| *state == State::OnGoing)
            .map(|(code, _)| code.as_str())
            .take(5)
            .collect();
        self.bar.set_message(format!("{} {}", run.status, running.join(" ")));
        for (code, state) in nodes {
            self.tell(code, state, !run.members.is_empty(), voice);
        }
    }

    /// Every change of a member is told, of a task only what needs a person: there may be a million of them.
    fn tell(&mut self, code: &str, state: State, is_member: bool, voice: &Voice) {
        let is_news = match state {
            State::NotStarted => false,
            State::OnGoing | State::Successful | State::Excluded => is_member,
            State::Failed | State::Interrupted | State::Aborted | State::Held => true,
        };
        if self.seen.get(code) == Some(&state) {
            return;
        }
        if is_news {
            voice.say(&format!("{code} {state}"));
        }
        if is_news || self.seen.contains_key(code) {
            self.seen.insert(code.to_owned(), state);
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self, voice: &Voice) {
        self.bar.finish_and_clear();
        voice.hide_bar();
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
