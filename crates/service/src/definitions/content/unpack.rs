//! From what is stored to a definition.

use super::lines::{Head, Line};
use super::parts::Unpacker;
use dayend_engine::definition::{
    Batch, Connection, Definition, EDGES_MAX, Edge, Group, Member, NODES_MAX, Tasks,
};

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
    let head: Head<'static> = serde_json::from_str(head).map_err(|error| error.to_string())?;
    match head {
        Head::Batch(titles) => {
            let (name, code) = (titles.full_name(), titles.code.into_owned());
            let (description, params) =
                (titles.description.into_owned(), titles.params.into_owned());
            let tasks = tasks(lines)?;
            Ok(Definition::Batch(Batch { code, name, description, params, tasks }))
        }
        Head::BatchGroup(titles) => {
            let (name, code) = (titles.full_name(), titles.code.into_owned());
            let description = titles.description.into_owned();
            let members = members(lines)?;
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

fn tasks(lines: &mut Unpacker<'_>) -> Result<Tasks, String> {
    let mut tasks = Tasks::new(super::super::limits::seed());
    while let Some(line) = lines.next_line()? {
        if tasks.len() == NODES_MAX || tasks.edge_count() > EDGES_MAX {
            return Err("it has too many tasks".to_owned());
        }
        let line = Line::parse(line).ok_or("a line is no task")?;
        tasks
            .push_packed(line.code, line.spec, line.after())
            .map_err(|error| format!("task `{}`: {error}", line.code))?;
    }
    tasks.shrink();
    Ok(tasks)
}

fn members(lines: &mut Unpacker<'_>) -> Result<Vec<Member>, String> {
    let mut members = Vec::new();
    while let Some(line) = lines.next_line()? {
        let line = Line::parse(line).ok_or("a line is no member")?;
        let batch = line.code.parse().map_err(|error| format!("{error}"))?;
        let edge = |(code, on): (&str, _)| {
            code.parse().map(|task| Edge { task, on }).map_err(|error| format!("{error}"))
        };
        members.push(Member { batch, after: line.after().map(edge).collect::<Result<_, _>>()? });
    }
    Ok(members)
}
