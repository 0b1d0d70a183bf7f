//! From a definition to what is stored.

use super::lines::{self, Head, Titles};
use super::parts::Packer;
use dayend_engine::definition::{Batch, Definition, Edge, Group};
use dayend_store::port::Content;
use std::borrow::Cow;
use std::io::Write as _;

/// The form in which the store keeps a definition: equal definitions have equal digests.
pub fn pack(definition: &Definition) -> Content {
    let mut packer = Packer::new();
    match definition {
        Definition::Batch(batch) => pack_batch(batch, &mut packer),
        Definition::BatchGroup(group) => pack_group(group, &mut packer),
        Definition::Connection(connection) => {
            let titles = Titles::new(&connection.code, &connection.name, &connection.description);
            head(&Head::Connection(titles, Cow::Borrowed(&connection.target)), &mut packer);
        }
    }
    packer.finish()
}

fn pack_batch(batch: &Batch, packer: &mut Packer) {
    let mut titles = Titles::new(&batch.code, &batch.name, &batch.description);
    titles.params = Cow::Borrowed(&batch.params);
    head(&Head::Batch(titles), packer);
    let mut text = String::new();
    for task in 0..u32::try_from(batch.tasks.len()).unwrap_or(u32::MAX) {
        let code = batch.tasks.code(task).unwrap_or_default();
        lines::write(&mut text, code, batch.tasks.after(task), batch.tasks.spec_text(task));
        end(&mut text, packer);
    }
}

fn pack_group(group: &Group, packer: &mut Packer) {
    head(&Head::BatchGroup(Titles::new(&group.code, &group.name, &group.description)), packer);
    let mut text = String::new();
    for member in &group.members {
        lines::write(&mut text, member.batch.as_str(), member.after.iter().map(Edge::parts), "");
        end(&mut text, packer);
    }
}

fn head(head: &Head<'_>, packer: &mut Packer) {
    let mut text = serde_json::to_string(head).expect("a head holds only texts");
    end(&mut text, packer);
}

/// Packs a line; its place is used again for the next one.
fn end(line: &mut String, packer: &mut Packer) {
    line.push('\n');
    packer.write_all(line.as_bytes()).expect("a packer in memory takes everything");
    line.clear();
}
