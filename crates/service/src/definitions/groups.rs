//! Members of a batch group.

use super::fields::Fields;
use super::node::Node;
use super::read::Positions;
use super::report::{Path, Report};
use super::scalars;
use super::tasks::edges;
use dayend_engine::definition::Member;

/// The fields of a member.
pub(super) const MEMBER_FIELDS: [&str; 2] = ["batch", "after"];

/// The member at `path`; its places are noted in `positions`.
pub(super) fn member(
    node: Node,
    path: &Path<'_>,
    positions: &mut Positions,
    report: &mut Report,
) -> Option<Member> {
    let mut fields = Fields::open(node, "a member", &MEMBER_FIELDS, path, report)?;
    let batch = fields.require("batch", path, report);
    positions.nodes.push(batch.as_ref().map_or(fields.at, |node| node.at));
    let batch = batch.and_then(|node| scalars::code(node, &path.field("batch"), report));
    let after = match fields.take("after") {
        Some(node) => edges(node, &["batch", "task"], &path.field("after"), positions, report),
        None => Some(Vec::new()),
    };
    Some(Member { batch: batch?, after: after? })
}
