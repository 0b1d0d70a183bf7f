//! From a definition to what is stored.

use super::lines::{Head, MemberLine, TaskLine, Titles, edge_text};
use super::parts::Packer;
use dayend_engine::definition::{Batch, Definition, Edge, Group};
use dayend_store::port::Content;
use serde::Serialize;
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
            line(&Head::Connection(titles, Cow::Borrowed(&connection.target)), &mut packer);
        }
    }
    packer.finish()
}

fn pack_batch(batch: &Batch, packer: &mut Packer) {
    let mut titles = Titles::new(&batch.code, &batch.name, &batch.description);
    titles.params = Cow::Borrowed(&batch.params);
    line(&Head::Batch(titles), packer);
    for task in &batch.tasks {
        let spec = Cow::Owned(task.clone().into_spec());
        let task: TaskLine<'_> = (Cow::Borrowed(&task.code), spec, edges(&task.after));
        line(&task, packer);
    }
}

fn pack_group(group: &Group, packer: &mut Packer) {
    line(&Head::BatchGroup(Titles::new(&group.code, &group.name, &group.description)), packer);
    for member in &group.members {
        let member: MemberLine<'_> = (Cow::Borrowed(&member.batch), edges(&member.after));
        line(&member, packer);
    }
}

fn edges(after: &[Edge]) -> Vec<Cow<'_, str>> {
    after.iter().map(edge_text).collect()
}

fn line(what: &impl Serialize, packer: &mut Packer) {
    serde_json::to_writer(&mut *packer, what)
        .expect("a definition holds only texts, finite numbers and lists of them");
    packer.write_all(b"\n").expect("a packer in memory takes everything");
}
