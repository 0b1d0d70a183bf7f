//! A small identity service that does what it is told, also the wrong thing at the worst moment.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

/// A form as it was posted.
pub(crate) type Form = BTreeMap<String, String>;

/// An identity service on loopback; every refresh token is good for one use, a second one ends the log-in.
#[derive(Debug)]
pub(crate) struct Fake {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    issued: u32,
    live_access: BTreeSet<String>,
    live_refresh: Option<String>,
    forms: Vec<(String, Form)>,
    /// Tells that a refresh token was spent, and waits before it answers.
    gate: Option<(Sender<()>, Receiver<()>)>,
    /// What the device grant answers first.
    device_answers: Vec<&'static str>,
    expires_in: u64,
    /// What the discovery document says, if there is one.
    issuer: Option<&'static str>,
}

impl Fake {
    /// Starts the service.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State { expires_in: 3600, ..State::default() }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(&stream.unwrap(), &shared));
            }
        });
        Self { url, state }
    }

    /// The forms that were posted to a path.
    pub(crate) fn posted(&self, path: &str) -> Vec<Form> {
        let state = self.state.lock().unwrap();
        state.forms.iter().filter(|(to, _)| to == path).map(|(_, form)| form.clone()).collect()
    }

    /// How often a refresh token was shown.
    pub(crate) fn refreshes(&self) -> usize {
        let forms = self.posted("/oauth2/v1/token");
        forms.iter().filter(|form| form["grant_type"] == "refresh_token").count()
    }

    /// Ends the log-in behind everybody's back.
    pub(crate) fn end_log_in(&self) {
        let mut state = self.state.lock().unwrap();
        state.live_access.clear();
        state.live_refresh = None;
    }

    /// Takes no access token any more that was issued so far.
    pub(crate) fn refuse_access_tokens(&self) {
        self.state.lock().unwrap().live_access.clear();
    }

    /// The next refresh is carried out, then told, and answered only after a word from here.
    pub(crate) fn hold_next_refresh(&self) -> (Receiver<()>, Sender<()>) {
        let ((spent, told), (release, wait)) = (channel(), channel());
        self.state.lock().unwrap().gate = Some((spent, wait));
        (told, release)
    }

    /// Publishes a discovery document with this issuer.
    pub(crate) fn call_itself(&self, issuer: &'static str) {
        self.state.lock().unwrap().issuer = Some(issuer);
    }

    /// What the device grant answers, one after the other, before it gives tokens.
    pub(crate) fn answer_devices(&self, errors: &[&'static str]) {
        self.state.lock().unwrap().device_answers = errors.iter().rev().copied().collect();
    }
}

impl State {
    fn issue(&mut self) -> (u16, Value) {
        self.issued += 1;
        let claims = json!({ "sub": "anna", "sub_type": "user", "tenant": "T1", "client_id": "dayend-cli", "jti": self.issued });
        let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
        let (access, refresh) =
            (format!("e30.{claims}.SECRET{}", self.issued), format!("AgAgSECRET{}==", self.issued));
        self.live_access.insert(access.clone());
        self.live_refresh = Some(refresh.clone());
        let answer = json!({
            "access_token": access, "token_type": "Bearer", "expires_in": self.expires_in, "refresh_token": refresh,
        });
        (200, answer)
    }

    fn token(&mut self, form: &Form) -> (u16, Value) {
        match form["grant_type"].as_str() {
            "authorization_code" if form["code"] == "CODE" => self.issue(),
            "refresh_token" if Some(&form["refresh_token"]) == self.live_refresh.as_ref() => {
                self.issue()
            }
            "refresh_token" => {
                self.live_refresh = None;
                self.live_access.clear();
                refused("invalid_grant")
            }
            "urn:ietf:params:oauth:grant-type:device_code" => match self.device_answers.pop() {
                Some(error) => refused(error),
                None => self.issue(),
            },
            _ => refused("invalid_grant"),
        }
    }

    fn answer(&mut self, path: &str, form: &Form, bearer: &str) -> (u16, Value) {
        match path {
            "/oauth2/v1/token" => self.token(form),
            "/oauth2/v1/revoke" => {
                if self.live_refresh.as_ref() == form.get("token") {
                    self.live_refresh = None;
                    self.live_access.clear();
                }
                (200, json!({}))
            }
            "/.well-known/openid-configuration" => match self.issuer {
                Some(issuer) => (200, json!({ "issuer": issuer })),
                None => (404, json!({})),
            },
            "/oauth2/v1/device" => (
                200,
                json!({ "device_code": "SECRETDEVICE", "user_code": "WDJBMJHT", "verification_uri": "https://x.example/device", "expires_in": 300, "interval": 1 }),
            ),
            _ if self.live_access.contains(bearer) => (200, json!({ "runs": [] })),
            _ => (401, json!({ "title": "no" })),
        }
    }
}

fn refused(error: &str) -> (u16, Value) {
    (400, json!({ "error": error, "error_description": "as told" }))
}

fn serve(stream: &TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 0) {
        let target = line.split(' ').nth(1).unwrap().to_owned();
        let path = target.split('?').next().unwrap().to_owned();
        let (mut length, mut bearer) = (0, String::new());
        loop {
            line.clear();
            reader.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                "authorization" => {
                    value.trim().trim_start_matches("Bearer ").clone_into(&mut bearer);
                }
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let form = form(&String::from_utf8(body).unwrap());
        let (answer, gate) = {
            let mut state = state.lock().unwrap();
            state.forms.push((path.clone(), form.clone()));
            let answer = state.answer(&path, &form, &bearer);
            let is_refresh = form.get("grant_type").is_some_and(|grant| grant == "refresh_token");
            (answer, if is_refresh { state.gate.take() } else { None })
        };
        if let Some((spent, wait)) = gate {
            spent.send(()).unwrap();
            wait.recv().unwrap();
        }
        let (status, body) = (answer.0, answer.1.to_string());
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        // A client that was killed does not read it.
        let mut stream = stream;
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
        line.clear();
    }
}

fn form(body: &str) -> Form {
    let url = reqwest::Url::parse(&format!("http://x/?{body}")).unwrap();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let form: Form = pairs.iter().cloned().collect();
    assert_eq!(form.len(), pairs.len(), "a parameter is there twice");
    form
}
