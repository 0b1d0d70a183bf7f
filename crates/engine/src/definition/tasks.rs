//! The tasks of a batch in columns: a task takes its code, a few numbers, and what no other task says as well.

use super::kinds::{Edge, On, Task};
use super::names::Names;
use super::spec::Spec;
use crate::codes::Code;
use std::collections::BTreeMap;
use std::fmt;

/// Tasks in their order. They are as written: codes may be there twice, and edges may lead nowhere.
#[derive(Clone)]
pub struct Tasks {
    names: Names,
    /// Of each task: the number of its code.
    codes: Vec<u32>,
    /// Of each task: which of `specs` it says.
    spec_of: Vec<u32>,
    specs: Specs,
    /// Of each task: where its edges end in `edges`.
    edge_ends: Vec<u32>,
    edges: Vec<Before>,
}

/// The code that comes first, and what meets the edge.
#[derive(Clone, Copy)]
struct Before(u32);

/// What tasks say, as JSON, most of it once.
#[derive(Clone, Default)]
struct Specs {
    text: String,
    ends: Vec<usize>,
    /// Where short ones that came early are.
    known: BTreeMap<Box<str>, u32>,
}

/// So many different texts are looked for when another one comes.
const KNOWN_MAX: usize = 1024;
/// Longer texts are not looked for.
const KNOWN_MAX_BYTES: usize = 1024;
/// How a task that says nothing is kept.
const NOTHING: &str = "{}";

impl Default for Tasks {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Tasks {
    /// No tasks yet. Whoever reads codes of strangers gives a random seed, so that nobody can choose codes that collide.
    pub fn new(seed: u64) -> Self {
        Self {
            names: Names::new(seed),
            codes: Vec::new(),
            spec_of: Vec::new(),
            specs: Specs::default(),
            edge_ends: Vec::new(),
            edges: Vec::new(),
        }
    }

    /// Adds a task.
    pub fn push<'e>(
        &mut self,
        code: &str,
        spec: &Spec,
        after: impl IntoIterator<Item = (&'e str, On)>,
    ) {
        let text = if *spec == Spec::default() {
            NOTHING.to_owned()
        } else {
            serde_json::to_string(spec).expect("texts, finite numbers and lists of them")
        };
        self.push_text(code, &text, after);
    }

    /// Adds a task that says what `spec` says: a text that [`Tasks::spec_text`] gave.
    pub fn push_packed<'e>(
        &mut self,
        code: &str,
        spec: &str,
        after: impl IntoIterator<Item = (&'e str, On)>,
    ) -> Result<(), serde_json::Error> {
        if !self.specs.knows(spec) {
            serde_json::from_str::<Spec>(spec)?;
        }
        self.push_text(code, spec, after);
        Ok(())
    }

    fn push_text<'e>(
        &mut self,
        code: &str,
        spec: &str,
        after: impl IntoIterator<Item = (&'e str, On)>,
    ) {
        self.codes.push(self.names.number(code));
        self.spec_of.push(self.specs.number(spec));
        for (code, on) in after {
            self.edges.push(Before::new(self.names.number(code), on));
        }
        self.edge_ends.push(u32::try_from(self.edges.len()).expect("memory ends before"));
    }

    /// Gives back the room for further tasks.
    pub fn shrink(&mut self) {
        self.names.shrink();
        self.codes.shrink_to_fit();
        self.spec_of.shrink_to_fit();
        self.specs.text.shrink_to_fit();
        self.specs.ends.shrink_to_fit();
        self.specs.known.clear();
        self.edge_ends.shrink_to_fit();
        self.edges.shrink_to_fit();
    }

    /// The memory that they take.
    pub fn size_bytes(&self) -> usize {
        let numbers = [&self.codes, &self.spec_of, &self.edge_ends].map(Vec::capacity);
        let columns = numbers.iter().sum::<usize>() + self.edges.capacity();
        let specs = self.specs.text.capacity() + self.specs.ends.capacity() * size_of::<usize>();
        columns * size_of::<u32>() + specs + self.names.size_bytes()
    }

    /// How many tasks there are.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// How many edges there are.
    pub fn edge_count(&self) -> usize {
        self.edges.len()
    }

    /// The code of a task.
    pub fn code(&self, task: u32) -> Option<&str> {
        self.codes.get(task as usize).map(|code| self.names.get(*code))
    }

    /// What a task comes after, in the order in which it was written.
    pub fn after(&self, task: u32) -> impl ExactSizeIterator<Item = (&str, On)> {
        self.numbered_after(task).iter().map(|edge| (self.names.get(edge.code()), edge.on()))
    }

    /// What a task says beside its code and its edges.
    pub fn spec(&self, task: u32) -> Spec {
        match self.spec_text(task) {
            NOTHING => Spec::default(),
            text => serde_json::from_str(text).expect("it was written by us, or read before"),
        }
    }

    /// What a task says, as JSON.
    pub fn spec_text(&self, task: u32) -> &str {
        let number = self.spec_of.get(task as usize);
        number.map_or(NOTHING, |number| self.specs.get(*number))
    }

    /// Which of the different specs a task has; tasks with the same number say the same.
    pub(crate) fn spec_number(&self, task: u32) -> usize {
        self.spec_of.get(task as usize).map_or(usize::MAX, |number| *number as usize)
    }

    /// Each different spec once.
    pub fn specs(&self) -> impl Iterator<Item = Spec> {
        let numbers = 0..u32::try_from(self.specs.ends.len()).unwrap_or(u32::MAX);
        numbers.map(|number| {
            let text = self.specs.get(number);
            serde_json::from_str(text).expect("it was written by us, or read before")
        })
    }

    /// A task as a whole.
    pub fn get(&self, task: u32) -> Option<Task> {
        let code: Code = self.code(task)?.parse().ok()?;
        let edge = |(code, on): (&str, On)| Some(Edge { task: code.parse().ok()?, on });
        Some(Task::new(code, self.spec(task), self.after(task).filter_map(edge).collect()))
    }

    /// All tasks, each as a whole.
    pub fn iter(&self) -> impl Iterator<Item = Task> {
        (0..u32::try_from(self.len()).unwrap_or(u32::MAX)).filter_map(|task| self.get(task))
    }

    /// How many different codes are named, by tasks or by edges.
    pub fn name_count(&self) -> usize {
        self.names.len()
    }

    /// The number of a task's code: the same for equal codes, and below [`Tasks::name_count`].
    pub fn code_number(&self, task: u32) -> Option<u32> {
        self.codes.get(task as usize).copied()
    }

    /// The numbers of the codes that a task comes after.
    pub fn after_numbers(
        &self,
        task: u32,
    ) -> impl ExactSizeIterator<Item = (u32, On)> + DoubleEndedIterator {
        self.numbered_after(task).iter().map(|edge| (edge.code(), edge.on()))
    }

    /// The code with a number.
    pub fn name(&self, number: u32) -> &str {
        self.names.get(number)
    }

    fn numbered_after(&self, task: u32) -> &[Before] {
        let at = task as usize;
        let start = match at.checked_sub(1) {
            Some(before) => self.edge_ends.get(before).copied().unwrap_or_default(),
            None => 0,
        };
        let end = self.edge_ends.get(at).copied().unwrap_or_default();
        self.edges.get(start as usize..end as usize).unwrap_or_default()
    }
}

impl FromIterator<Task> for Tasks {
    fn from_iter<T: IntoIterator<Item = Task>>(tasks: T) -> Self {
        let mut all = Self::default();
        all.extend(tasks);
        all
    }
}

impl Extend<Task> for Tasks {
    fn extend<T: IntoIterator<Item = Task>>(&mut self, tasks: T) {
        for task in tasks {
            let code = task.code.clone();
            let after = task.after.clone();
            let spec = task.into_spec();
            self.push(code.as_str(), &spec, after.iter().map(Edge::parts));
        }
    }
}

impl PartialEq for Tasks {
    fn eq(&self, other: &Self) -> bool {
        let same = |task: u32| {
            self.code(task) == other.code(task)
                && self.spec_text(task) == other.spec_text(task)
                && self.after(task).eq(other.after(task))
        };
        let count = u32::try_from(self.len()).unwrap_or(u32::MAX);
        self.len() == other.len() && (0..count).all(same)
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.iter()).finish()
    }
}

impl Before {
    const SUCCESS: u32 = 0;
    const FAILURE: u32 = 1;

    fn new(code: u32, on: On) -> Self {
        let on = match on {
            On::Success => Self::SUCCESS,
            On::Failure => Self::FAILURE,
            On::End => 2,
        };
        Self(code << 2 | on)
    }

    fn code(self) -> u32 {
        self.0 >> 2
    }

    fn on(self) -> On {
        match self.0 & 3 {
            Self::SUCCESS => On::Success,
            Self::FAILURE => On::Failure,
            _ => On::End,
        }
    }
}

impl Specs {
    fn get(&self, number: u32) -> &str {
        let at = number as usize;
        let start = match at.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or_default(),
            None => 0,
        };
        let end = self.ends.get(at).copied().unwrap_or_default();
        self.text.get(start..end).unwrap_or(NOTHING)
    }

    fn knows(&self, spec: &str) -> bool {
        self.known.contains_key(spec)
    }

    fn number(&mut self, spec: &str) -> u32 {
        if let Some(number) = self.known.get(spec) {
            return *number;
        }
        let number = u32::try_from(self.ends.len()).expect("memory ends before the numbers do");
        self.text.push_str(spec);
        self.ends.push(self.text.len());
        if self.known.len() < KNOWN_MAX && spec.len() <= KNOWN_MAX_BYTES {
            self.known.insert(spec.into(), number);
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{CommandWork, Work};

    fn command(argument: &str) -> Spec {
        let argv = vec!["run".to_owned(), argument.to_owned()];
        Spec {
            work: Work::Command(CommandWork { argv, ..CommandWork::default() }),
            ..Spec::default()
        }
    }

    #[test]
    fn tasks_come_out_as_they_went_in() {
        let mut tasks = Tasks::default();
        tasks.push("B", &command("x"), [("A", On::End), ("C", On::Failure)]);
        tasks.push("A", &Spec::default(), []);
        tasks.push("C", &command("x"), [("A", On::Success)]);
        let shown: Vec<String> = tasks
            .iter()
            .map(|task| {
                let after: Vec<String> =
                    task.after.iter().map(|edge| format!("{}:{:?}", edge.task, edge.on)).collect();
                format!("{} {} {}", task.code, task.work.is_command(), after.join(","))
            })
            .collect();
        assert_eq!(shown, ["B true A:End,C:Failure", "A false ", "C true A:Success"]);
        assert_eq!(tasks.specs().count(), 2);
        assert_eq!(tasks, tasks.iter().collect::<Tasks>());
        tasks.shrink();
        assert_eq!(tasks.spec(2), command("x"));
        assert_eq!((tasks.get(3), tasks.code(3), tasks.after(3).len()), (None, None, 0));
    }

    #[test]
    fn more_different_specs_than_are_looked_for_are_all_kept() {
        let mut tasks = Tasks::default();
        let count = u32::try_from(3 * KNOWN_MAX).unwrap();
        for task in 0..count {
            tasks.push(&format!("T{task}"), &command(&format!("{task}")), []);
        }
        assert!((0..count).all(|task| tasks.spec(task) == command(&format!("{task}"))));
    }

    #[test]
    fn a_packed_spec_that_is_none_is_refused() {
        let mut tasks = Tasks::default();
        assert!(tasks.push_packed("A", r#"{"owner":"ann"}"#, []).is_err());
        assert!(tasks.push_packed("A", r#"{"description":"x"}"#, []).is_ok());
        assert_eq!((tasks.len(), tasks.spec(0).description.as_str()), (1, "x"));
    }

    #[test]
    fn a_task_that_says_what_others_say_takes_few_bytes() {
        let mut tasks = Tasks::default();
        for task in 0..10_000_u32 {
            let before = format!("T{}", task.saturating_sub(1));
            tasks.push(&format!("T{task}"), &Spec::default(), [(before.as_str(), On::Success)]);
        }
        tasks.shrink();
        let bytes = tasks.size_bytes();
        assert!(bytes <= 26 * 10_000, "{bytes}");
    }
}
