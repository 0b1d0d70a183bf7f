//! From what is stored to a definition.

use super::lines::{Head, MemberLine, TaskLine, Titles, edge_of};
use super::parts::Unpacker;
use dayend_engine::definition::{Batch, Connection, Definition, Edge, Group, Member, Task};
use serde::Deserialize;
use std::borrow::Cow;

/// The definition that was packed, or a sentence that says why it cannot be read.
pub fn unpack(digest: &[u8; 32], parts: &[Box<[u8]>]) -> Result<Definition, String> {
    let broken = |why: String| format!("this is not a stored definition: {why}");
    let mut lines = Unpacker::new(parts);
    let definition = read(&mut lines).map_err(broken)?;
    lines.finish(digest).map_err(broken)?;
    Ok(definition)
}

fn read(lines: &mut Unpacker<'_>) -> Result<Definition, String> {
    let head = lines.next_line()?.ok_or("it is empty")?;
    // Owned, because the line's place is used again for the next one.
    match parsed::<Head<'_>>(head)? {
        Head::Batch(titles) => {
            let Titles { code, description, params, .. } = &titles;
            let (name, code) = (titles.full_name(), code.clone().into_owned());
            let (description, params) =
                (description.clone().into_owned(), params.clone().into_owned());
            let tasks = listed(lines, task)?;
            Ok(Definition::Batch(Batch { code, name, description, params, tasks }))
        }
        Head::BatchGroup(titles) => {
            let (name, code) = (titles.full_name(), titles.code.into_owned());
            let description = titles.description.into_owned();
            let members = listed(lines, member)?;
            Ok(Definition::BatchGroup(Group { code, name, description, members }))
        }
        Head::Connection(titles, target) => {
            let (name, code) = (titles.full_name(), titles.code.into_owned());
            let (description, target) = (titles.description.into_owned(), target.into_owned());
            if lines.next_line()?.is_some() {
                return Err("a connection has one line".to_owned());
            }
            Ok(Definition::Connection(Connection { code, name, description, target }))
        }
    }
}

fn listed<T>(
    lines: &mut Unpacker<'_>,
    convert: fn(&[u8]) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let mut items = Vec::new();
    while let Some(line) = lines.next_line()? {
        items.push(convert(line)?);
    }
    Ok(items)
}

fn task(line: &[u8]) -> Result<Task, String> {
    let (code, spec, after): TaskLine<'_> = parsed(line)?;
    Ok(Task::new(code.into_owned(), spec.into_owned(), edges(&after)?))
}

fn member(line: &[u8]) -> Result<Member, String> {
    let (batch, after): MemberLine<'_> = parsed(line)?;
    Ok(Member { batch: batch.into_owned(), after: edges(&after)? })
}

fn edges(after: &[Cow<'_, str>]) -> Result<Vec<Edge>, String> {
    after.iter().map(|text| edge_of(text)).collect()
}

fn parsed<'l, T: Deserialize<'l>>(line: &'l [u8]) -> Result<T, String> {
    serde_json::from_slice(line).map_err(|error| error.to_string())
}
