//! The definitions that are measured.

use std::fmt::Write as _;

/// A batch `ONE` of one task `T`.
pub(crate) const ONE: &str =
    "apiVersion: dayend/v1\nkind: Batch\ncode: ONE\ntasks: [{ code: T, noop: {} }]\n";

/// A batch that is written task by task.
pub(crate) struct Draft {
    yaml: String,
    tasks: usize,
}

impl Draft {
    pub(crate) fn new(code: &str) -> Self {
        let yaml = format!("apiVersion: dayend/v1\nkind: Batch\ncode: {code}\ntasks:\n");
        Self { yaml, tasks: 0 }
    }

    /// A task that does nothing.
    pub(crate) fn noop(&mut self, code: &str, after: &[String]) {
        self.task(code, "noop: {}", &after.join(", "));
    }

    /// Any task, with the codes before it.
    pub(crate) fn task(&mut self, code: &str, work: &str, after: &str) {
        self.tasks += 1;
        let after = if after.is_empty() { String::new() } else { format!(", after: [{after}]") };
        writeln!(self.yaml, "- {{code: {code}, {work}{after}}}")
            .expect("a string takes everything");
    }

    pub(crate) fn yaml(self) -> String {
        self.yaml
    }
}

/// `length` tasks, one after the other; the last one is `T<length - 1>`.
pub(crate) fn chain(code: &str, length: usize) -> String {
    grid(code, 1, length)
}

/// `FIRST`, then `width` at once, then `LAST`.
pub(crate) fn fan(code: &str, width: usize) -> String {
    let mut draft = Draft::new(code);
    draft.noop("FIRST", &[]);
    let middle: Vec<String> = (0..width).map(|number| format!("M{number}")).collect();
    for task in &middle {
        draft.noop(task, &["FIRST".to_owned()]);
    }
    draft.noop("LAST", &middle);
    draft.yaml()
}

/// `depth` levels of `width` tasks, each after the one above it.
pub(crate) fn grid(code: &str, width: usize, depth: usize) -> String {
    layered(code, width, depth, &|above, column, before| {
        before.push(cell(above, width, column));
    })
}

/// The same, each after the one above it and that one's neighbour on the right.
pub(crate) fn lattice(code: &str, width: usize, depth: usize) -> String {
    layered(code, width, depth, &|above, column, before| {
        before.push(cell(above, width, column));
        before.push(cell(above, width, (column + 1) % width));
    })
}

/// The same, each after all of the level above.
pub(crate) fn complete(code: &str, width: usize, depth: usize) -> String {
    layered(code, width, depth, &|above, _, before| {
        before.extend((0..width).map(|column| cell(above, width, column)));
    })
}

/// The last task of a grid.
pub(crate) fn last(width: usize, depth: usize) -> String {
    cell(depth - 1, width, width - 1)
}

fn layered(
    code: &str,
    width: usize,
    depth: usize,
    before: &dyn Fn(usize, usize, &mut Vec<String>),
) -> String {
    let (mut draft, mut after) = (Draft::new(code), Vec::new());
    for level in 0..depth {
        for column in 0..width {
            after.clear();
            if let Some(above) = level.checked_sub(1) {
                before(above, column, &mut after);
            }
            draft.noop(&cell(level, width, column), &after);
        }
    }
    draft.yaml()
}

fn cell(level: usize, width: usize, column: usize) -> String {
    format!("T{}", level * width + column)
}

#[cfg(test)]
mod tests {
    use super::{fan, grid, last, lattice};

    #[test]
    fn the_graphs_have_the_edges_that_their_names_say() {
        let head =
            |code: &str| format!("apiVersion: dayend/v1\nkind: Batch\ncode: {code}\ntasks:\n");
        let chain = "- {code: T0, noop: {}}\n- {code: T1, noop: {}, after: [T0]}\n";
        assert_eq!(grid("A", 1, 2), head("A") + chain);
        let fanned = "- {code: FIRST, noop: {}}\n- {code: M0, noop: {}, after: [FIRST]}\n\
            - {code: M1, noop: {}, after: [FIRST]}\n- {code: LAST, noop: {}, after: [M0, M1]}\n";
        assert_eq!(fan("B", 2), head("B") + fanned);
        let crossed = "- {code: T0, noop: {}}\n- {code: T1, noop: {}}\n\
            - {code: T2, noop: {}, after: [T0, T1]}\n- {code: T3, noop: {}, after: [T1, T0]}\n";
        assert_eq!(lattice("C", 2, 2), head("C") + crossed);
        assert_eq!(last(2, 2), "T3");
    }
}
