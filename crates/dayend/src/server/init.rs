//! `dayend init`: makes a data directory.

use super::address::{base_url_of, host_of, host_of_url, port_of};
use super::authority::ServerNames;
use super::certificate;
use super::cli_app;
use super::config;
use super::database::Database;
use super::directory::{Directory, link_program, make_directory, write_file};
use super::failure::{Failure, exit_code};
use super::master_key::keys_of;
use super::offline::{Installation, Offline, installation_in};
use super::profile::Profile;
use super::running::since_epoch;
use super::say::say;
use super::settings::{Flag, Kind, commented_file};
use super::unfinished::Unfinished;
use clap::Args;
use dayend_identity::GrantType;
use dayend_identity::admin::{CreatedApp, CreatedUser, GrantChange, Grantee, NewApp, NewUser};
use dayend_identity::caller::Function;
use dayend_service::clock::SystemClock;
use secrecy::ExposeSecret as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const SERVICE: &str = "OFS_DAYEND";
const WORKSPACE: &str = "WS001";
const ADMIN_USER: &str = "admin";
/// Who stands in the audit for what `init` does.
const ACTOR: &str = "dayend";
/// Any service or workspace.
const ANY: &str = "*";
const DEFAULT_LISTEN: &str = "127.0.0.1:8443";

/// Makes a data directory: keys, certificates, database, the first user and the first app
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The directory to make; it must not exist or be empty
    #[arg(long, value_name = "DIR", env = "DAYEND_DATA")]
    data: PathBuf,
    /// Where the server will listen
    #[arg(long, value_name = "HOST:PORT", default_value = DEFAULT_LISTEN)]
    listen: String,
    /// The address that callers will use; without it, https:// and the --listen address
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// An empty PostgreSQL database instead of a file in the directory; the URL holds no password
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// The file with the password of that database
    #[arg(long, value_name = "FILE")]
    database_password_file: Option<String>,
    /// Prints one JSON object
    #[arg(long)]
    json: bool,
}

/// The settings of the database, as flags.
#[derive(Clone, Debug, Default)]
pub(crate) struct InitDatabase {
    url: Option<String>,
    password_file: Option<String>,
}

impl InitDatabase {
    /// The file in the data directory, whatever the environment says.
    pub(crate) fn in_directory() -> Self {
        Self { url: Some(String::new()), password_file: None }
    }

    fn flags(&self) -> Vec<Flag> {
        let given = [("database", &self.url), ("database_password_file", &self.password_file)];
        let flag =
            |(key, text): (&'static str, &Option<String>)| Some(Flag { key, text: text.clone()? });
        given.into_iter().filter_map(flag).collect()
    }
}

/// Runs the command.
pub(crate) async fn run(args: &InitArgs) -> ExitCode {
    exit_code(init(args).await)
}

async fn init(args: &InitArgs) -> Result<(), Failure> {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let database = InitDatabase {
        url: args.database.clone(),
        password_file: args.database_password_file.clone(),
    };
    let profile = make(&args.data, &args.listen, args.base_url.as_deref(), &database).await?;
    if args.json {
        return say(&profile.to_json());
    }
    say(&format!(
        "{}\n\nThe password and the client secret are not shown again. They are also in {}; delete it when they are in a \
         safe place.\nStart the server with: dayend serve --data {}\nThen log in with:      dayend login --server {} --ca-file {}",
        profile.to_text(),
        args.data.join("profile.json").display(),
        args.data.display(),
        profile.base_url,
        profile.ca_file
    ))
}

/// Makes the data directory whole, or leaves it as it was.
pub(crate) async fn make(
    data: &Path,
    listen: &str,
    base_url: Option<&str>,
    database: &InitDatabase,
) -> Result<Profile, Failure> {
    Kind::Address
        .parse(listen)
        .map_err(|problem| Failure::usage(format!("--listen: {problem}")))?;
    let given = base_url.map(|url| url.trim_end_matches('/').to_owned());
    Kind::Url
        .parse(given.as_deref().unwrap_or_default())
        .map_err(|problem| Failure::usage(format!("--base-url: {problem}")))?;
    let base_url = given.clone().unwrap_or_else(|| base_url_of(listen, port_of(listen), false));

    let directory = Directory::at(data)?;
    let mut unfinished = Unfinished::begin(&directory)?;
    let database_settings = config::valid(&directory, &database.flags())?;
    let database = Database::of(&directory, &database_settings)?;
    for path in [directory.commands(), directory.attempts(), directory.work()] {
        make_directory(&path)?;
    }
    let keys = keys_of(&directory, &database_settings)?;
    keys.fill().map_err(|error| Failure::cannot_serve(error.to_string()))?;
    let url_host = host_of_url(&base_url).unwrap_or_default();
    let names = ServerNames::of_this_machine(&[host_of(listen), &url_host]);
    certificate::create(&directory, &names, since_epoch(&SystemClock))?;
    link_program(&directory)?;

    let installation = Installation {
        tenant: format!("bank{}", six_hex_digits()),
        service: SERVICE.to_owned(),
        workspace: WORKSPACE.to_owned(),
    };
    if let Some(tenant) = unfinished.tenant() {
        database.start_over(tenant).await?;
    }
    let offline = Offline::on(keys, &database, &base_url).await?;
    let populated = match installation_in(offline.store.as_ref()).await {
        Ok(None) => {
            if database.is_on_server() {
                unfinished.promise(&installation.tenant)?;
            }
            populate(&offline, &installation).await
        }
        Ok(Some(_)) => Err(Failure::usage(
            "the database holds an installation already: `init` needs an empty one (if this was left behind by an `init` that was stopped, drop it and create it again); what is in it is served from the data directory that belongs to it",
        )),
        Err(failure) => Err(failure),
    };
    let (user, app) = offline.close_with(populated).await?;
    let profile = Profile {
        base_url,
        tenant: installation.tenant,
        service: installation.service,
        workspace: installation.workspace,
        user: ADMIN_USER.to_owned(),
        password: user.password.expose_secret().to_owned(),
        client_id: app.client_id,
        client_secret: app
            .secret
            .map(|secret| secret.expose_secret().to_owned())
            .unwrap_or_default(),
        ca_file: directory.ca().display().to_string(),
    };
    write_file(&directory.profile(), 0o600, &format!("{}\n", profile.to_json()))?;
    let mut set = vec![("listen", listen.to_owned())];
    set.extend(given.map(|url| ("base_url", url)));
    set.extend(database_settings.database.map(|url| ("database", url)));
    let password_file = database_settings.database_password_file;
    set.extend(password_file.map(|path| ("database_password_file", path.display().to_string())));
    let master = database_settings.master_key_file;
    set.extend(master.map(|path| ("identity.master_key_file", path.display().to_string())));
    write_file(&directory.settings(), 0o600, &commented_file(&set))?;
    unfinished.finish()?;
    Ok(profile)
}

async fn populate(
    offline: &Offline,
    installation: &Installation,
) -> Result<(CreatedUser, CreatedApp), Failure> {
    let Offline { identity, .. } = offline;
    let tenant = &installation.tenant;
    let now = offline.now();
    offline.audit(installation.record(now)).await?;
    let scope = installation.scope();
    offline
        .store
        .put_scope(&scope)
        .await
        .map_err(|error| Failure::cannot_serve(error.to_string()))?;
    let user = NewUser {
        tenant: tenant.clone(),
        name: ADMIN_USER.to_owned(),
        display_name: "Administrator".to_owned(),
        password: None,
    };
    let user = identity.create_user(ACTOR, user, now).await?;
    let app = NewApp {
        tenant: tenant.clone(),
        name: "Dayend".to_owned(),
        client_id: Some(format!("{tenant}_APPID")),
        grants: vec![
            GrantType::Password,
            GrantType::ClientCredentials,
            GrantType::RefreshToken,
            GrantType::AuthorizationCode,
        ],
        public: false,
        strict: false,
    };
    let app = identity.create_app(ACTOR, app, now).await?;
    cli_app::make(identity, ACTOR, tenant, now).await?;
    for function in Function::ALL {
        let mut grantees = vec![Grantee::App(app.client_id.clone())];
        // A person acts under the own name; only the app speaks for others.
        if function != Function::Impersonate {
            grantees.push(Grantee::User(ADMIN_USER.to_owned()));
        }
        for grantee in grantees {
            let (service, workspace) = (ANY.to_owned(), ANY.to_owned());
            let change =
                GrantChange { tenant: tenant.clone(), grantee, service, workspace, function };
            identity.grant(ACTOR, change, now).await?;
        }
    }
    Ok((user, app))
}

fn six_hex_digits() -> String {
    uuid::Uuid::new_v4().simple().to_string().chars().take(6).collect()
}
