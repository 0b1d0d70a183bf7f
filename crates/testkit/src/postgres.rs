//! A PostgreSQL cluster of one's own: made for a test, thrown away with it.

use std::io::{self, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Where Debian keeps the server's programs.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";
/// The user that the server runs as when the tests are run by root, which PostgreSQL refuses.
const SERVER_USER: &str = "postgres";
/// How often a killed server is started before it counts as dead.
const STARTS_MAX: usize = 50;
/// The cluster's superuser.
const USER: &str = "dayend";

/// A running cluster on a free port of 127.0.0.1. Dropping it stops the server and removes its files.
#[derive(Debug)]
pub struct Cluster {
    dir: TempDir,
    port: u16,
    password: String,
}

impl Cluster {
    /// Makes and starts a cluster; returns when it takes connections.
    pub fn start() -> io::Result<Self> {
        let dir = tempfile::Builder::new().prefix("dayend-postgres-").tempdir()?;
        let cluster = Self { port: free_port()?, dir, password: "throw-away".to_owned() };
        if runs_as_root() {
            run(Command::new("chown").arg(SERVER_USER).arg(cluster.dir.path()))?;
        }
        let password_file = cluster.password_file()?;
        let mut initdb = program("initdb");
        initdb.arg("--pgdata").arg(cluster.data()).arg("--pwfile").arg(&password_file);
        run(initdb.args([
            "--username",
            USER,
            "--auth",
            "scram-sha-256",
            "--encoding",
            "UTF8",
            "--no-locale",
            "--no-sync",
        ]))?;
        cluster.start_server()?;
        Ok(cluster)
    }

    /// The URL of the cluster's first database, without the password.
    pub fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/postgres", self.port)
    }

    /// The URL with the password in it.
    pub fn url_with_password(&self) -> String {
        format!("postgres://{USER}:{}@127.0.0.1:{}/postgres", self.password, self.port)
    }

    /// The password of the user in [`Self::url`].
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The server's first process, whose children are all the others.
    pub fn pid(&self) -> io::Result<u32> {
        let written = std::fs::read_to_string(self.data().join("postmaster.pid"))?;
        let first = written.lines().next().unwrap_or_default();
        first.trim().parse().map_err(|error| io::Error::other(format!("`{first}`: {error}")))
    }

    /// Stops the server at once, as a crash would, and starts it again.
    pub fn crash_and_restart(&self) -> io::Result<()> {
        self.stop_server("immediate")?;
        self.start_server()
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills the server's first process as the kernel would, and starts the server again when the others are gone.
    pub fn kill_and_restart(&self) -> io::Result<()> {
        let told = std::fs::read_to_string(self.data().join("postmaster.pid"))?;
        let pid = told.lines().next().unwrap_or_default();
        run(Command::new("kill").args(["-KILL", pid]))?;
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.start_server() {
                // The others hold its memory for a moment.
                Err(_) if attempts < STARTS_MAX => {}
                started => return started,
            }
        }
    }

    /// Runs a statement with `psql`, and gives what it prints: rows as lines, columns with `|` between them.
    pub fn sql(&self, statement: &str) -> io::Result<String> {
        let output = self.psql().args(["-c", statement]).output()?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
        }
        Err(io::Error::other(format!("{statement}: {}", String::from_utf8_lossy(&output.stderr))))
    }

    /// A `psql` that is connected to the first database, prints bare rows, and stops at the first error.
    pub fn psql(&self) -> Command {
        let mut psql = Command::new(Path::new(PROGRAMS).join("psql"));
        psql.env("PGPASSWORD", &self.password).arg(self.url());
        psql.args(["--no-psqlrc", "--quiet", "-At", "-v", "ON_ERROR_STOP=1"]);
        psql
    }

    /// Stops the server; `mode` is `smart`, `fast` or `immediate`.
    pub fn stop_server(&self, mode: &str) -> io::Result<()> {
        run(program("pg_ctl")
            .arg("--pgdata")
            .arg(self.data())
            .args(["--wait", "--mode", mode, "stop"]))
    }

    /// Starts a server that was stopped; returns when it takes connections.
    pub fn start_server(&self) -> io::Result<()> {
        let sockets = self.dir.path().display();
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={sockets}",
            self.port
        );
        let mut pg_ctl = program("pg_ctl");
        pg_ctl
            .arg("--pgdata")
            .arg(self.data())
            .arg("--log")
            .arg(self.dir.path().join("server.log"));
        run(pg_ctl.args(["--wait", "--timeout", "60", "--options"]).arg(options).arg("start"))
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn password_file(&self) -> io::Result<PathBuf> {
        let path = self.dir.path().join("password");
        let mut file = std::fs::File::create(&path)?;
        writeln!(file, "{}", self.password)?;
        file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
        Ok(path)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The directory is removed next; a server that is down already is as good.
        let _ = self.stop_server("immediate");
    }
}

/// A program of the server, run as a user that it accepts.
fn program(name: &str) -> Command {
    let path = Path::new(PROGRAMS).join(name);
    let mut command = if runs_as_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", SERVER_USER, "--"]).arg(path);
        command
    } else {
        Command::new(path)
    };
    command.current_dir("/").stdin(Stdio::null());
    command
}

/// Output goes to a file, not a pipe: the server would inherit a pipe and keep it open.
fn run(command: &mut Command) -> io::Result<()> {
    let output = tempfile::tempfile()?;
    let status = command.stdout(output.try_clone()?).stderr(output.try_clone()?).status()?;
    if status.success() {
        return Ok(());
    }
    let mut output = output;
    let mut text = String::new();
    io::Seek::rewind(&mut output)?;
    io::Read::read_to_string(&mut output, &mut text)?;
    Err(io::Error::other(format!("{command:?}: {status}: {text}")))
}

fn runs_as_root() -> bool {
    std::fs::metadata("/proc/self")
        .is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0)
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
