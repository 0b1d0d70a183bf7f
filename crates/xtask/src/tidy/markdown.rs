//! Markdown as the checks see it: links and headings, outside of code.

use std::collections::{BTreeMap, BTreeSet};

/// A link's target as written, and its line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) target: String,
    pub(crate) line: usize,
}

/// All links and images of a text.
pub(crate) fn links(text: &str) -> Vec<Link> {
    let mut links = Vec::new();
    for (line, prose) in prose(text) {
        let plain = without_code(prose);
        let inline = plain.split("](").skip(1).filter_map(|rest| target(rest, ')'));
        let definition =
            plain.trim_start().strip_prefix('[').and_then(|rest| rest.split_once("]:"));
        let defined = definition.and_then(|(_, rest)| target(rest.trim_start(), '\n'));
        let found = inline.chain(defined);
        links.extend(found.map(|target| Link { target: target.to_owned(), line }));
    }
    links
}

/// The names by which a text's headings can be linked to.
pub(crate) fn anchors(text: &str) -> BTreeSet<String> {
    let mut used = BTreeMap::<String, usize>::new();
    let mut anchors = BTreeSet::new();
    for (_, line) in prose(text) {
        let title = line.trim_start_matches('#');
        let level = line.len() - title.len();
        if (1..=6).contains(&level) && title.starts_with(' ') {
            let name = anchor(title.trim());
            let times = used.entry(name.clone()).or_default();
            anchors.insert(if *times == 0 { name } else { format!("{name}-{times}") });
            *times += 1;
        }
    }
    anchors
}

/// The lines that are not in a fenced block, numbered from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fence: Option<&str> = None;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let mark = ["```", "~~~"].into_iter().find(|mark| line.trim_start().starts_with(mark));
        match (fence, mark) {
            (None, Some(_)) => fence = mark,
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, None) => return Some((index + 1, line)),
            (Some(_), _) => {}
        }
        None
    })
}

/// A line without its `code`.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect()
}

/// The target at the start of what follows `](` or `]:`, without its title.
fn target(rest: &str, end: char) -> Option<&str> {
    if let Some(rest) = rest.strip_prefix('<') {
        return rest.split('>').next();
    }
    rest.split([end, ' ']).next().filter(|target| !target.is_empty())
}

fn anchor(title: &str) -> String {
    let visible = title.split("](").enumerate().map(|(index, part)| match index {
        0 => part,
        _ => part.split_once(')').map_or("", |(_, rest)| rest),
    });
    let kept = |letter: char| match letter {
        ' ' => Some('-'),
        '-' | '_' => Some(letter),
        _ => letter.is_alphanumeric().then_some(letter),
    };
    visible.collect::<String>().to_lowercase().chars().filter_map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::{anchors, links};

    #[test]
    fn links_are_found_outside_of_code() {
        let text = "# A [b](c.md)\n\n[d](e.md#f \"title\") and ![g](<h i.png>), `[j](k.md)`\n\
            ```sh\n[l](m.md)\n```\n[n]: o.md\n[`p`](q.md)\n";
        let found: Vec<(usize, String)> =
            links(text).into_iter().map(|link| (link.line, link.target)).collect();
        let want = [(1, "c.md"), (3, "e.md#f"), (3, "h i.png"), (7, "o.md"), (8, "q.md")];
        assert_eq!(found, want.map(|(line, target)| (line, target.to_owned())));
    }

    #[test]
    fn headings_can_be_linked_to() {
        let text = "# The `dayend init` command\n## Déjà vu: what, and why?\n## Same\n## Same\n\
            ```\n# not a heading\n```\n#nor this\n### See [the manual](docs/a.md)\n";
        let found = anchors(text);
        let want =
            ["déjà-vu-what-and-why", "same", "same-1", "see-the-manual", "the-dayend-init-command"];
        let mut want: Vec<String> = want.map(ToOwned::to_owned).to_vec();
        want.sort();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), want);
    }
}
