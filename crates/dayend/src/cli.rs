//! The command line: every command, and which of them need what.

use crate::client::login::RenewLoginArgs;
use crate::client::{ClientOptions, Control};
use crate::commands::{
    ApplyArgs, CompletionsArgs, ControlArgs, ControlWaitArgs, ExportArgs, FilesArgs, LogArgs,
    LoginArgs, LogoutArgs, RunArgs, Session, StatusArgs, TaskArgs, TokenArgs, WaitArgs, WhoamiArgs,
    conclude, report, schema,
};
use crate::demo::DemoArgs;
use crate::sample::{self, SampleArgs};
use crate::server::{admin, audit, config, init, migrate_store, serve};
use clap::{CommandFactory as _, Parser, Subcommand};
use dayend_wire::exit::ExitCode;
use std::process::ExitCode as ProcessExit;

/// A batch scheduler for a bank's night
///
/// Start with `dayend demo`: it plays a whole night on this machine. Then make a server of your own with `dayend init` and
/// `dayend serve`.
#[derive(Debug, Parser)]
#[command(name = "dayend", version, max_term_width = 120, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    client: ClientOptions,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(DemoArgs),
    Init(init::InitArgs),
    Serve(serve::ServeArgs),
    #[command(flatten)]
    Client(ClientCommand),
    Admin(admin::AdminArgs),
    Audit(audit::AuditArgs),
    Config(config::ConfigArgs),
    MigrateStore(migrate_store::MigrateStoreArgs),
    /// Prints the JSON Schema of definitions
    Schema,
    Completions(CompletionsArgs),
    #[command(hide = true)]
    Sample(SampleArgs),
    #[command(hide = true)]
    RenewLogin(RenewLoginArgs),
}

/// The commands that talk to a server.
#[derive(Debug, Subcommand)]
enum ClientCommand {
    Apply(ApplyArgs),
    Export(ExportArgs),
    Run(RunArgs),
    Status(StatusArgs),
    Wait(WaitArgs),
    /// Interrupts a run: nothing new starts, what runs is stopped
    Interrupt(ControlArgs),
    /// Continues a run: repeats what is not successful, and releases what is held
    Restart(ControlWaitArgs),
    /// Starts a new run with the same date, parameters and choices
    Rerun(ControlWaitArgs),
    /// Holds a task: it and its successors wait
    Hold(TaskArgs),
    /// Releases a held task
    Release(TaskArgs),
    /// Excludes a task: it does not run and counts as done
    Exclude(TaskArgs),
    /// Takes an exclusion back
    Include(TaskArgs),
    /// Declares a failed task successful
    ForceOk(TaskArgs),
    Log(LogArgs),
    Files(FilesArgs),
    Login(LoginArgs),
    Logout(LogoutArgs),
    Whoami(WhoamiArgs),
    Token(TokenArgs),
}

impl ClientCommand {
    /// Whether it ends with a verdict on a run.
    fn is_about_a_run(&self) -> bool {
        match self {
            Self::Apply(_)
            | Self::Export(_)
            | Self::Log(_)
            | Self::Files(_)
            | Self::Login(_)
            | Self::Logout(_)
            | Self::Whoami(_)
            | Self::Token(_) => false,
            Self::Run(_)
            | Self::Status(_)
            | Self::Wait(_)
            | Self::Interrupt(_)
            | Self::Restart(_)
            | Self::Rerun(_)
            | Self::Hold(_)
            | Self::Release(_)
            | Self::Exclude(_)
            | Self::Include(_)
            | Self::ForceOk(_) => true,
        }
    }
}

/// Runs what the command line asks for.
pub(crate) fn run(cli: Cli) -> ProcessExit {
    match cli.command {
        Command::Client(command) => in_client_runtime(client(&cli.client, &command), &cli.client),
        Command::Demo(args) => in_server_runtime(async { args.run(cli.client.json).await.into() }),
        Command::Init(args) => in_server_runtime(init::run(&args)),
        Command::Serve(args) => in_server_runtime(serve::run(&args)),
        Command::Admin(args) => {
            in_server_runtime(async { admin::run(&args, cli.client.json).await })
        }
        Command::Audit(args) => {
            in_server_runtime(async { audit::run(&args, cli.client.json).await })
        }
        Command::Config(args) => config::run(&args),
        Command::MigrateStore(args) => {
            in_server_runtime(async { migrate_store::run(&args, cli.client.json).await })
        }
        Command::Schema => schema().into(),
        Command::Completions(args) => args.run(Cli::command()).into(),
        Command::Sample(args) => sample::main(&args),
        Command::RenewLogin(args) => in_client_runtime(args.run(), &cli.client),
    }
}

async fn client(options: &ClientOptions, command: &ClientCommand) -> ExitCode {
    let session = match Session::open(options) {
        Ok(session) => session,
        Err(failure) if command.is_about_a_run() => {
            return conclude(None, Err(failure), options.json);
        }
        Err(failure) => return report(Err(failure), options.json),
    };
    match command {
        ClientCommand::Apply(args) => args.run(&session).await,
        ClientCommand::Export(args) => args.run(&session).await,
        ClientCommand::Run(args) => args.run(&session).await,
        ClientCommand::Status(args) => args.run(&session).await,
        ClientCommand::Wait(args) => args.run(&session).await,
        ClientCommand::Interrupt(args) => args.interrupt(&session).await,
        ClientCommand::Restart(args) => args.run(&session, Control::Restart).await,
        ClientCommand::Rerun(args) => args.run(&session, Control::Rerun).await,
        ClientCommand::Hold(args) => args.run(&session, "hold").await,
        ClientCommand::Release(args) => args.run(&session, "release").await,
        ClientCommand::Exclude(args) => args.run(&session, "exclude").await,
        ClientCommand::Include(args) => args.run(&session, "include").await,
        ClientCommand::ForceOk(args) => args.run(&session, "force-ok").await,
        ClientCommand::Log(args) => args.run(&session).await,
        ClientCommand::Files(args) => args.run(&session).await,
        ClientCommand::Login(args) => args.run(&session).await,
        ClientCommand::Logout(args) => args.run(&session).await,
        ClientCommand::Whoami(args) => args.run(&session).await,
        ClientCommand::Token(args) => args.run(&session).await,
    }
}

/// A client does one thing at a time: one thread is enough.
fn in_client_runtime(
    command: impl Future<Output = ExitCode>,
    options: &ClientOptions,
) -> ProcessExit {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => options.mapped(runtime.block_on(command)),
        Err(_) => ExitCode::Bug.into(),
    }
}

fn in_server_runtime(command: impl Future<Output = ProcessExit>) -> ProcessExit {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(command),
        Err(_) => ExitCode::ServerError.into(),
    }
}
