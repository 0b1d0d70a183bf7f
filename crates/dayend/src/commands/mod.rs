//! The client commands, one file each.

mod apply;
mod completions;
mod control;
mod export;
mod files;
mod log;
mod login;
mod logout;
mod run;
mod schema;
mod session;
mod status;
mod task;
mod time;
mod token;
mod wait;
mod whoami;

pub(crate) use apply::ApplyArgs;
pub(crate) use completions::CompletionsArgs;
pub(crate) use control::{ControlArgs, ControlWaitArgs};
pub(crate) use export::ExportArgs;
pub(crate) use files::FilesArgs;
pub(crate) use log::LogArgs;
pub(crate) use login::LoginArgs;
pub(crate) use logout::LogoutArgs;
pub(crate) use run::RunArgs;
pub(crate) use schema::schema;
pub(crate) use session::{Session, conclude, report};
pub(crate) use status::StatusArgs;
pub(crate) use task::TaskArgs;
pub(crate) use token::TokenArgs;
pub(crate) use wait::WaitArgs;
pub(crate) use whoami::WhoamiArgs;
