//! Measures the release binary from outside: a server of its own, HTTPS, SQLite on disk. Prints figures, keeps nothing.

mod args;
mod caller;
mod figures;
mod idle;
mod machine;
mod server;
mod status;
mod storm;
mod wide_deep;

use anyhow::Result;
use args::Args;
use figures::Figures;

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::read()?;
    let mut figures = Figures::new();
    machine::describe(&mut figures)?;
    machine::probe_flushes(&mut figures, "before")?;
    for name in &args.names {
        let server = server::Server::start(&args.binary)?;
        match name.as_str() {
            "wide-deep" => wide_deep::columns(&server, &mut figures).await?,
            "wide-deep-full" => wide_deep::full(&server, &mut figures).await?,
            "storm" => storm::measure(&server, &mut figures).await?,
            "idle" => idle::measure(&server, &mut figures).await?,
            "status" => status::measure(&server, &mut figures).await?,
            other => anyhow::bail!("there is no `{other}`: take one of {}", args::NAMES.join(", ")),
        }
    }
    machine::probe_flushes(&mut figures, "after")?;
    figures.print();
    Ok(())
}
