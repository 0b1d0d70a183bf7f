//! A server in this process: for `serve`, for the demo, for tests.

use super::address::{base_url_of, host_of, host_of_url, port_of};
use super::authority::ServerNames;
use super::certificate::{self, Certificate};
use super::config;
use super::database::Database;
use super::directory::{Directory, link_program, read_secret};
use super::failure::Failure;
use super::file_store;
use super::from_network::FromNetwork;
use super::housekeeping::{self, Housekeeping};
use super::mail::Smtp;
use super::master_key::keys_of;
use super::offline::{has_records, installation_in};
use super::open_files;
use super::settings::{Flag, Settings};
use dayend_executor::{Executors, Network};
use dayend_files::Vault;
use dayend_identity::issuers::Documents;
use dayend_identity::keys::Keys;
use dayend_identity::{Identity, IdentitySettings};
use dayend_service::clock::{Clock, SystemClock};
use dayend_service::conductor::{Conductor, ConductorSettings};
use dayend_service::files::{Exchange, ExchangeParts, serve_attempts};
use dayend_service::use_cases::{Parts, Service};
use dayend_store::port::Store;
use dayend_web::app::{App, WebSettings};
use dayend_web::server::{Limits, ProxyRange, ServeError, TlsMaterial, faces, serve};
use secrecy::SecretString;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, lookup_host};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Everything that stops may take this long together; what is on disk by then is what counts anyway.
const STOP_WITHIN: Duration = Duration::from_millis(1900);

/// Connections that may wait to be accepted; the system may allow fewer.
const BACKLOG: u32 = 4096;

/// What a server is started with.
pub(crate) struct Options {
    directory: Directory,
    settings: Settings,
}

impl Options {
    /// The data directory's settings, with `flags` (keys and values of `dayend.toml`) above them.
    pub(crate) fn load(data: &Path, flags: &[(&'static str, &str)]) -> Result<Self, Failure> {
        let directory = Directory::at(data)?;
        let flags: Vec<_> =
            flags.iter().map(|(key, text)| Flag { key, text: (*text).to_owned() }).collect();
        let settings = config::of_whole(&directory, &flags)?;
        Ok(Self { directory, settings })
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// A server that answers requests.
pub(crate) struct Running {
    base_url: String,
    stop: oneshot::Sender<()>,
    web: JoinHandle<Result<(), ServeError>>,
    housekeeping: [JoinHandle<()>; 4],
    conductor: Arc<Conductor>,
    executors: Arc<Executors>,
    store: Arc<dyn Store>,
}

/// Starts a server; when this returns it is ready.
pub(crate) async fn start(options: Options) -> Result<Running, Failure> {
    let Options { directory, settings } = options;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    // First the database: of two servers on one directory, the second should say so, not that the port is taken.
    let store = Database::of(&directory, &settings)?.open().await?;
    let started = match initialised(&directory, &settings, store.as_ref()).await {
        Ok(()) => start_on(&directory, &settings, Arc::clone(&store), clock).await,
        Err(failure) => Err(failure),
    };
    if started.is_err() {
        store.close().await;
    }
    started
}

/// An empty database of a server is soon named by mistake, and an emptied file is no new beginning; nobody could log in.
async fn initialised(
    directory: &Directory,
    settings: &Settings,
    store: &dyn Store,
) -> Result<(), Failure> {
    if settings.database.is_none() {
        if has_records(store).await? {
            return Ok(());
        }
        let shown = directory.database();
        return Err(Failure::cannot_serve(format!(
            "the database {} is empty, but the directory is not new: restore a backup",
            shown.display()
        )));
    }
    if installation_in(store).await?.is_some() {
        return Ok(());
    }
    Err(Failure::usage(
        "there is no installation in this database: make a data directory for it with `dayend init --database URL`",
    ))
}

/// Everything that can be wrong with a data directory or its settings, found out before anything runs.
struct Prepared {
    listener: TcpListener,
    base_url: String,
    tls: Option<TlsMaterial>,
    web: WebSettings,
    executors: dayend_executor::settings::Settings,
    identity: IdentitySettings,
    vault: Vault,
    smtp: Option<Smtp>,
}

async fn prepare(
    directory: &Directory,
    settings: &Settings,
    clock: &dyn Clock,
) -> Result<Prepared, Failure> {
    let (listener, address) = bind(&settings.listen).await?;
    let base_url = match &settings.base_url {
        Some(url) => url.clone(),
        None => base_url_of(&settings.listen, address.port(), settings.plain_http),
    };
    let certificate = certificate(directory, settings, &base_url, clock)?;
    let authority = certificate.as_ref().and_then(|certificate| certificate.authority.clone());
    let tls = certificate
        .map(|certificate| TlsMaterial { chain_pem: certificate.chain, key_pem: certificate.key });
    link_program(directory)?;
    Ok(Prepared {
        listener,
        tls,
        web: web_settings(directory, settings, &base_url, authority)?,
        executors: executor_settings(directory, settings, &base_url)?,
        identity: identity_settings(directory, settings, &base_url)?,
        vault: file_store::open(directory, settings)?,
        smtp: smtp(settings)?,
        base_url,
    })
}

/// Whoever takes letters, if somebody does.
fn smtp(settings: &Settings) -> Result<Option<Smtp>, Failure> {
    let Some(mail) = &settings.mail else { return Ok(None) };
    let password = mail.password_file.as_deref().map(read_secret).transpose()?;
    let password = password.map(|text| SecretString::from(text.trim_end_matches(['\r', '\n'])));
    Smtp::new(mail, password).map(Some)
}

fn not_taken_up(error: impl fmt::Display) -> Failure {
    Failure::cannot_serve(format!("the data directory cannot be taken up: {error}"))
}

/// Takes tokens of the issuers that the settings name, whose keys come over the network.
fn trust(
    identity: &mut Identity,
    settings: &Settings,
    executors: &Arc<Executors>,
) -> Result<(), Failure> {
    let documents: Arc<dyn Documents> = Arc::new(FromNetwork(Arc::clone(executors)));
    identity
        .trust(settings.issuers.clone(), &documents)
        .map_err(|error| Failure::usage(error.to_string()))
}

async fn start_on(
    directory: &Directory,
    settings: &Settings,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
) -> Result<Running, Failure> {
    let mut prepared = prepare(directory, settings, clock.as_ref()).await?;
    let installation = installation_in(store.as_ref()).await?;
    prepared.identity.tenant = installation.map(|made| made.tenant).unwrap_or_default();
    let mut made = None;
    let conductor = Conductor::start(
        Arc::clone(&store),
        Arc::clone(&clock),
        |reports| Arc::clone(made.insert(Executors::new(prepared.executors, reports))),
        ConductorSettings { queue: settings.queue, ..ConductorSettings::default() },
    );
    let conductor = conductor.await.map_err(not_taken_up)?;
    let executors = made.expect("a conductor that started has made its executors");
    let mut identity = Identity::open(Arc::clone(&store), conductor.clone(), prepared.identity)
        .map_err(|error| Failure::cannot_serve(error.to_string()))?;
    trust(&mut identity, settings, &executors)?;
    let files = Exchange::new(ExchangeParts {
        store: Arc::clone(&store),
        writer: conductor.clone(),
        vault: prepared.vault,
        clock: Arc::clone(&clock),
        settings: settings.files,
        key: identity.derive_key("dayend file links v1"),
    });
    serve_attempts(&executors, &files);
    let service = Service::new(Parts {
        store: Arc::clone(&store),
        conductor: Arc::clone(&conductor),
        identity,
        executors: Arc::clone(&executors),
        files: Arc::clone(&files),
        clock: Arc::clone(&clock),
        rates: settings.rates,
    });

    service.identity().refresh_keys(service.now()).await;
    let keys = housekeeping::keys(Arc::clone(&service));
    let mut app = App::new(service, prepared.web);
    if let Some(smtp) = prepared.smtp {
        app = app.with_mailer(Arc::new(smtp));
    }
    let faces = faces(app);
    let limits = Limits {
        connections: open_files::connections(settings.connections),
        per_address: settings.connections_per_address,
        drain: settings.drain,
        ..Limits::default()
    };
    let (stop, stopped) = oneshot::channel();
    // A sender that is gone means stop, too.
    let shutdown = async { drop(stopped.await) };
    let web = tokio::spawn(serve(prepared.listener, prepared.tls, faces, limits, shutdown));
    let housekeeper = Housekeeping {
        store: Arc::clone(&store),
        executors: Arc::clone(&executors),
        clock,
        keep_keys_days: settings.keep_keys_days,
        keep_attempts_days: settings.keep_attempts_days,
    };
    let watches = housekeeping::watch(Arc::clone(&store));
    let sweeps = files.sweep_for_ever();
    let housekeeping = [
        tokio::spawn(housekeeper.daily()),
        tokio::spawn(watches),
        tokio::spawn(keys),
        tokio::spawn(sweeps),
    ];
    let base_url = prepared.base_url;
    Ok(Running { base_url, stop, web, housekeeping, conductor, executors, store })
}

impl Running {
    /// The address that callers use.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Returns when the server has ended without being asked to.
    pub(super) async fn ended(&mut self) -> Failure {
        let reason = match (&mut self.web).await {
            Ok(Ok(())) => "nobody knows why".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        Failure::cannot_serve(format!("the server ended by itself: {reason}"))
    }

    /// Takes no new request, lets those under way finish, and closes the database.
    pub(crate) async fn stop(self) {
        let Self { stop, web, housekeeping, conductor, executors, store, .. } = self;
        let stopping = async move {
            housekeeping.iter().for_each(JoinHandle::abort);
            // If nobody listens, it has ended already.
            let _ = stop.send(());
            // Both drain, and their time is the same time.
            let (web, ()) = tokio::join!(web, executors.shutdown());
            if !matches!(web, Ok(Ok(()))) {
                tracing::error!("the web server did not stop cleanly: {web:?}");
            }
            conductor.stop().await;
            store.close().await;
        };
        if tokio::time::timeout(STOP_WITHIN, stopping).await.is_err() {
            tracing::warn!("not everything stopped in time; what was answered is on disk");
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Running").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

async fn bind(listen: &str) -> Result<(TcpListener, SocketAddr), Failure> {
    let bound = async {
        let listener = listen_on(listen).await?;
        let address = listener.local_addr()?;
        Ok::<_, io::Error>((listener, address))
    };
    bound.await.map_err(|error| {
        if error.kind() == io::ErrorKind::AddrInUse {
            Failure::in_use(format!("another process listens on {listen} already"))
        } else if error.kind() == io::ErrorKind::PermissionDenied {
            Failure::cannot_serve(format!(
                "this user may not listen on {listen}: choose a port from 1024"
            ))
        } else {
            Failure::usage(format!("cannot listen on {listen}: {error}"))
        }
    })
}

/// On the first address of the name that can be had.
async fn listen_on(listen: &str) -> io::Result<TcpListener> {
    let mut last = None;
    for address in lookup_host((host_of(listen), port_of(listen))).await? {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
        let listening = socket.and_then(|socket| {
            // A server that was just stopped has left connections behind that keep the port otherwise.
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            socket.listen(BACKLOG)
        });
        match listening {
            Ok(listener) => return Ok(listener),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::Error::from(io::ErrorKind::AddrNotAvailable)))
}

fn certificate(
    directory: &Directory,
    settings: &Settings,
    base_url: &str,
    clock: &dyn Clock,
) -> Result<Option<Certificate>, Failure> {
    if settings.plain_http {
        return Ok(None);
    }
    if let Some(own) = &settings.own_certificate {
        return certificate::of_operator(own).map(Some);
    }
    let url_host = host_of_url(base_url).unwrap_or_default();
    let names = ServerNames::of_this_machine(&[host_of(&settings.listen), &url_host]);
    certificate::of_directory(directory, &names, since_epoch(clock)).map(Some)
}

/// The time as certificates count it.
pub(super) fn since_epoch(clock: &dyn Clock) -> Duration {
    Duration::from_micros(u64::try_from(clock.now().0).unwrap_or(0))
}

fn executor_settings(
    directory: &Directory,
    settings: &Settings,
    base_url: &str,
) -> Result<dayend_executor::settings::Settings, Failure> {
    let keys = Keys::open(&keys_of(directory, settings)?)
        .map_err(|error| Failure::cannot_serve(error.to_string()))?;
    let mut told = dayend_executor::settings::Settings::new(
        directory.attempts(),
        directory.work(),
        base_url.to_owned(),
        keys.derive("dayend callback v1"),
        || SystemClock.now(),
    );
    let networks = settings.http_allow.iter().map(|text| text.parse::<Network>());
    told.http.allow = networks
        .collect::<Result<_, _>>()
        .map_err(|error| Failure::usage(format!("http.allow: {error}")))?;
    told.command.user.clone_from(&settings.command_user);
    told.command.roots.clone_from(&settings.command_roots);
    told.command.dir = settings.command_dir.clone().unwrap_or_else(|| directory.commands());
    told.command.grace = settings.command_grace;
    told.command.rlimits = settings.rlimits;
    told.command.shim = dayend_executor::shim::companion();
    told.limits = settings.limits;
    told.forbidden_databases = vec![directory.database()];
    told.forbidden_postgres = settings.database.iter().cloned().collect();
    told.drain = settings.drain;
    Ok(told)
}

fn identity_settings(
    directory: &Directory,
    settings: &Settings,
    base_url: &str,
) -> Result<IdentitySettings, Failure> {
    let mut told = IdentitySettings::new(base_url, directory.keys());
    told.keys = keys_of(directory, settings)?;
    if let Some(threads) = settings.hash_threads {
        told.hash_threads = threads;
    }
    told.access_token_s = settings.access_token_s;
    told.max_access_token_s = settings.max_access_token_s;
    told.refresh_token_s = settings.refresh_token_s;
    told.session_s = settings.session_s;
    told.session_idle_s = settings.session_idle_s;
    Ok(told)
}

fn web_settings(
    directory: &Directory,
    settings: &Settings,
    base_url: &str,
    ca_pem: Option<String>,
) -> Result<WebSettings, Failure> {
    let mut told = WebSettings::new(base_url, ca_pem)
        .map_err(|error| Failure::usage(format!("base_url: {error}")))?;
    told.body_limit_bytes = settings.body_limit_bytes;
    told.definitions_limit_bytes = settings.definitions_limit_bytes;
    told.bodies_bytes = settings.bodies_bytes;
    told.trusted_proxies = proxies(settings)?;
    told.unifier_client.clone_from(&settings.unifier_client);
    directory.root().clone_into(&mut told.spool_dir);
    Ok(told)
}

fn proxies(settings: &Settings) -> Result<Vec<ProxyRange>, Failure> {
    let range = |text: &String| {
        let network: Network =
            text.parse().map_err(|error| Failure::usage(format!("trusted_proxies: {error}")))?;
        let (first, last) = network.range();
        Ok(ProxyRange { first, last })
    };
    settings.trusted_proxies.iter().map(range).collect()
}
