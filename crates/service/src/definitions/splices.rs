//! Refuses placeholders where a value would become code: whoever triggers a run could choose what it runs.

use super::node::Position;
use super::read::Positions;
use super::report::{Path, Report};
use crate::requests::Defect;
use dayend_engine::codes::shortened;
use dayend_engine::definition::{Batch, Definition, Spec, Work};

/// Programs that run the text behind `-c`.
const SHELLS: [&str; 8] = ["sh", "ash", "bash", "dash", "ksh", "mksh", "zsh", "fish"];

/// The places where a command's program, or the script of a shell, holds a declared parameter.
pub(super) fn splices(definition: &Definition, positions: &Positions, file: &str) -> Vec<Defect> {
    let Definition::Batch(batch) = definition else { return Vec::new() };
    let mut report = Report::default();
    report.enter(file);
    let tasks = Path::DOCUMENT.field("tasks");
    for (number, index) in (0_u32..).zip(0..batch.tasks.len()) {
        let task = batch.tasks.spec(number);
        let Work::Command(command) = &task.work else { continue };
        let at = positions.nodes.get(index).copied().unwrap_or_default();
        let path = tasks.index(index);
        let path = path.field("command");
        let argv = path.field("argv");
        let found = Found { batch, task: &task, at, report: &mut report };
        found.look(&command.argv, &argv);
    }
    report.into_defects()
}

/// Where defects of one task go.
struct Found<'d, 'r> {
    batch: &'d Batch,
    task: &'d Spec,
    at: Position,
    report: &'r mut Report,
}

impl Found<'_, '_> {
    fn look(self, argv: &[String], path: &Path<'_>) {
        let declared = |text: &str| self.declared(text);
        if let Some(name) = argv.first().and_then(|program| declared(program)) {
            let problem = format!(
                "the program must not hold the parameter `${name}$`: whoever triggers a run would choose what runs"
            );
            self.report.add(self.at, &path.index(0), problem);
        } else if let Some((index, name)) =
            script(argv).and_then(|(index, text)| Some((index, declared(text)?)))
        {
            let problem = format!(
                "the script must not hold the parameter `${name}$`, whose value would become a part of it: write `\"$1\"` there and pass `sh` and `${name}$` as further arguments"
            );
            self.report.add(self.at, &path.index(index), problem);
        }
    }

    /// A declared parameter in the text. Those that are always there are harmless: dates and ids.
    fn declared(&self, text: &str) -> Option<String> {
        let is_declared = |name: &str| {
            self.batch.params.contains_key(name) || self.task.params.contains_key(name)
        };
        // A name stands between one `$` and the next.
        let mut parts = text.split('$').skip(1).peekable();
        while let Some(name) = parts.next() {
            if parts.peek().is_some() && is_declared(name) {
                return Some(shortened(name));
            }
        }
        None
    }
}

/// The text that a shell among the arguments would run: what stands behind its option `-c`, as in `bash -euc TEXT`.
fn script(argv: &[String]) -> Option<(usize, &str)> {
    let mut words = argv.iter().enumerate();
    words.find(|(_, word)| SHELLS.contains(&word.rsplit('/').next().unwrap_or_default()))?;
    let is_option = |word: &str| word.starts_with(['-', '+']);
    let runs_text =
        |word: &str| word.starts_with('-') && !word.starts_with("--") && word.contains('c');
    words.find(|(_, word)| runs_text(word))?;
    words.find(|(_, word)| !is_option(word)).map(|(index, text)| (index, text.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_that_a_shell_runs_is_found_wherever_the_shell_stands() {
        let cases: [(&[&str], Option<usize>); 11] = [
            (&["/bin/sh", "-c", "TEXT"], Some(2)),
            (&["bash", "-e", "-u", "-c", "TEXT", "sh", "x"], Some(4)),
            (&["bash", "-euc", "TEXT"], Some(2)),
            (&["sh", "-c", "-e", "TEXT"], Some(3)),
            (&["/usr/bin/env", "-i", "zsh", "-c", "TEXT"], Some(4)),
            (&["nice", "-n", "5", "/bin/dash", "-c", "TEXT"], Some(5)),
            (&["sh", "script.sh", "x"], None),
            (&["sh", "-e", "script.sh"], None),
            (&["sh", "-c"], None),
            (&["grep", "-c", "TEXT"], None),
            (&["push", "-c", "TEXT"], None),
        ];
        for (argv, want) in cases {
            let argv: Vec<String> = argv.iter().map(|word| (*word).to_owned()).collect();
            let found = script(&argv).map(|(index, text)| {
                assert_eq!(text, "TEXT", "{argv:?}");
                index
            });
            assert_eq!(found, want, "{argv:?}");
        }
    }
}
