//! In which lane a command waits, and how many places it takes there.

use crate::conductor::input::{Command, Create};
use dayend_store::port::{DocumentFate, Write};

/// So many bytes fit into one place: an ordinary request has less.
const PLACE_BYTES: usize = 4096;

/// The tenant in whose turn a write comes; none: Dayend's own.
pub(crate) fn lane(write: &Write) -> &str {
    match write {
        Write::Define { rows, .. } => rows.first().map_or("", |row| row.scope.tenant.as_str()),
        Write::PutUser { user, .. } => &user.tenant,
        Write::PutApp { app, .. } => &app.tenant,
        Write::PutGrant { grant, .. } => &grant.tenant,
        Write::IssueRefresh { token, .. } => &token.tenant,
        Write::SpendRefresh { successor, .. } => &successor.tenant,
        Write::DeleteUser { tenant, .. } | Write::DeleteApp { tenant, .. } => tenant,
        Write::Change { documents, with } => {
            documents.first().map_or_else(|| lane(with), |change| change.key.tenant.as_str())
        }
        Write::Runs { .. } | Write::RevokeFamily { .. } | Write::Audit { .. } => "",
    }
}

/// What a command takes while it waits, and in the group that it is folded into.
pub(crate) fn places(command: &Command) -> usize {
    let bytes = match command {
        Command::Create(create) => bytes(create),
        Command::Foreign(write) => match write.as_ref() {
            Write::Define { rows, .. } => {
                let parts = rows.iter().flat_map(|row| row.content.parts.iter());
                parts.map(|part| part.len()).sum()
            }
            Write::Change { documents, .. } => {
                let written = documents.iter().map(|change| match &change.to {
                    DocumentFate::Put(content) => content.body.len(),
                    DocumentFate::Delete | DocumentFate::Stay => 0,
                });
                written.sum()
            }
            Write::Runs { .. }
            | Write::DeleteUser { .. }
            | Write::DeleteApp { .. }
            | Write::PutUser { .. }
            | Write::PutApp { .. }
            | Write::PutGrant { .. }
            | Write::IssueRefresh { .. }
            | Write::SpendRefresh { .. }
            | Write::RevokeFamily { .. }
            | Write::Audit { .. } => 0,
        },
        Command::Verb(_) | Command::Flush => 0,
    };
    1 + bytes / PLACE_BYTES
}

fn bytes(create: &Create) -> usize {
    let members: usize = create.members.iter().map(|member| member.params_json.len()).sum();
    create.params_json.len() + create.choices_json.len() + members
}
