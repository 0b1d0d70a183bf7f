//! A real server with apps and people, and the ways to ask it.

use crate::browser::Browser;
use crate::server_support::{Home, Server, run, run_with_input};
use crate::wire::{Reply, client};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Client;
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;

/// Where the answers of the apps go.
pub(crate) const CALLBACK: &str = "https://app.example/cb";
/// The verifier and challenge of RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const ANNA: &str = "anna";
pub(crate) const PASSWORD: &str = "the night is 8 hours long";
/// A public app on people's machines.
pub(crate) const PHONE: &str = "phone";

/// A server, and what was made before it was started.
pub(crate) struct House {
    pub(crate) home: Home,
    pub(crate) server: Server,
    pub(crate) client: Client,
    web_secret: String,
    other_secret: String,
}

/// An app and its secret.
#[derive(Clone, Copy)]
pub(crate) struct AppOf<'a> {
    pub(crate) id: &'a str,
    pub(crate) secret: &'a str,
}

impl House {
    pub(crate) fn open() -> Self {
        Self::open_with(&[])
    }

    /// With these settings in `[identity]`.
    pub(crate) fn open_with(settings: &[(&str, &str)]) -> Self {
        let home = Home::initialised();
        let grants = "authorization_code,refresh_token,client_credentials,password";
        let app = |id: &str, more: &[&str]| {
            let add =
                ["--json", "admin", "app", "add", id, "--client-id", id, "--data", home.text()];
            let said = run(&[&add[..], more].concat());
            let made: Value = serde_json::from_str(said.ok()).unwrap();
            made["client_secret"].as_str().unwrap_or_default().to_owned()
        };
        let confidential =
            ["--grants", grants, "--redirect-uri", CALLBACK, "--operation", "introspect"];
        let web = [&confidential[..], &["--post-logout-redirect-uri", "https://app.example/bye"]]
            .concat();
        let (web_secret, other_secret) = (app("web", &web), app("other", &confidential));
        let public = ["--public", "--any-scheme", "--grants", "authorization_code,refresh_token"];
        app(PHONE, &[&public[..], &["--redirect-uri", "http://127.0.0.1/cb"]].concat());
        for name in [ANNA, "berta", "off"] {
            let add = ["admin", "user", "add", name, "--password-stdin", "--data", home.text()];
            run_with_input(&add, &format!("{PASSWORD}\n")).ok();
        }
        run(&["admin", "user", "disable", "off", "--data", home.text()]).ok();
        let grant = ["admin", "grant", "--user", ANNA, "--functions", "BATCH_VIEW"];
        run(&[&grant[..], &["--data", home.text()]].concat()).ok();
        let path = home.data().join("dayend.toml");
        let mut lines = String::from("[identity]\n");
        for (name, value) in settings {
            writeln!(lines, "{name} = {value}").unwrap();
        }
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("[identity]\n", &lines)).unwrap();
        let pem = fs::read(home.get("ca_file")).unwrap();
        Self { server: home.serve(&[]), client: client(&pem), home, web_secret, other_secret }
    }

    /// Kills the server and starts another one at the same address.
    pub(crate) fn kill_and_serve_again(&mut self) {
        let address = format!("127.0.0.1:{}", self.server.port());
        let base_url = self.server.base_url.clone();
        self.server.kill();
        self.server = self.home.serve(&["--listen", &address]);
        assert_eq!(self.server.base_url, base_url, "{}", self.server.ready_line);
        let pem = fs::read(self.home.get("ca_file")).unwrap();
        self.client = client(&pem);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        if path.starts_with("http") {
            return path.to_owned();
        }
        format!("{}{path}", self.server.base_url)
    }

    pub(crate) fn web(&self) -> AppOf<'_> {
        AppOf { id: "web", secret: &self.web_secret }
    }

    pub(crate) fn other(&self) -> AppOf<'_> {
        AppOf { id: "other", secret: &self.other_secret }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        Reply::to(self.client.get(self.url(path))).await
    }

    /// A form, with the app's credentials in the header.
    pub(crate) async fn form(&self, path: &str, app: AppOf<'_>, fields: &[(&str, &str)]) -> Reply {
        let request = self.client.post(self.url(path)).basic_auth(app.id, Some(app.secret));
        Reply::to(request.form(fields)).await
    }

    /// A form, with nothing but itself.
    pub(crate) async fn bare_form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        Reply::to(self.client.post(self.url(path)).form(fields)).await
    }

    pub(crate) async fn token(&self, app: AppOf<'_>, fields: &[(&str, &str)]) -> Reply {
        self.form("/oauth2/v1/token", app, fields).await
    }

    /// The answer to the password grant of the web app.
    pub(crate) async fn log_in(&self, user: &str, password: &str, scope: &str) -> Reply {
        let fields = [
            ("grant_type", "password"),
            ("username", user),
            ("password", password),
            ("scope", scope),
        ];
        self.token(self.web(), &fields).await
    }

    /// The status of a call with this access token.
    pub(crate) async fn asks(&self, token: &str) -> u16 {
        let request = self.client.get(self.url("/api/v1/runs")).bearer_auth(token);
        Reply::to(request).await.status
    }

    /// A code for the app, from a log-in in a browser of its own.
    pub(crate) async fn code(&self, client: &str, more: &[(&str, &str)]) -> String {
        let back = Browser::new(self).log_in_at(&authorize(client, more)).await;
        back.parameter("code").unwrap_or_else(|| panic!("no code: {back:?}"))
    }

    pub(crate) async fn redeem(&self, app: AppOf<'_>, code: &str, more: &[(&str, &str)]) -> Reply {
        let usual = [("grant_type", "authorization_code"), ("code", code)];
        self.token(app, &[&usual[..], more].concat()).await
    }
}

/// The path of a request with these parameters beside the usual ones; one without a value is left out.
pub(crate) fn authorize(client: &str, more: &[(&str, &str)]) -> String {
    let callback = if client == PHONE { "http://127.0.0.1/cb" } else { CALLBACK };
    let usual = [
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", callback),
        ("scope", "openid"),
        ("state", "s1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let given = |name: &str| more.iter().any(|(other, _)| *other == name);
    let usual = usual.into_iter().filter(|(name, _)| !given(name));
    let all = usual.chain(more.iter().copied()).filter(|(_, value)| !value.is_empty());
    let mut url = reqwest::Url::parse("https://x/oauth2/v1/authorize").unwrap();
    url.query_pairs_mut().extend_pairs(all);
    format!("/oauth2/v1/authorize?{}", url.query().unwrap())
}

/// A part of a token: 0 is the header, 1 the claims.
pub(crate) fn part(token: &str, index: usize) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(index).unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// The token with another header, its signature unchanged.
pub(crate) fn with_header(token: &str, header: &Value) -> String {
    let rest = token.split_once('.').unwrap().1;
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))
}
