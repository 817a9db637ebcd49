//! A bus in a temporary folder, its clock, and people who call it.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header, request},
};
use backplane::{Broker, Store, embedded::Embedded};
use bus_core::{
    Language,
    api::{CSRF_HEADER, ROOT, StartedBy},
    record::{Precision, Timestamp},
};
use connectors::{
    Connectors,
    contract::{Clock, Limits},
    kit::http::{Http, HttpOptions},
};
use gateway::{Accounts, App, PasswordCost, Settings};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use workers::{Bus, BusParts, BusSettings, Start, Vault};

/// A clock that goes when it is told to.
#[derive(Clone)]
pub(crate) struct Hands(Arc<AtomicI64>);

impl Hands {
    pub(crate) fn forward(&self, time: Duration) {
        self.0.fetch_add(i64::try_from(time.as_millis()).expect("short"), Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::at(self.0.load(Ordering::SeqCst) * 1_000, 0, Precision::Microsecond)
    }
}

/// A bus of its own.
pub(crate) struct Place {
    pub(crate) app: App,
    pub(crate) router: Router,
    pub(crate) clock: Hands,
    pub(crate) folder: TempDir,
    pub(crate) stop: CancellationToken,
}

/// A good password.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// What tests set differently: hashing that costs nothing, attempts enough.
pub(crate) fn settings() -> Settings {
    let cost = PasswordCost { memory: 8, passes: 1, lanes: 1 };
    let accounts = Accounts { cost, attempts_by_address: 1_000, ..Accounts::default() };
    Settings { accounts, ..Settings::default() }
}

async fn server(
    node: &str,
    (broker, store): (Arc<dyn Broker>, Arc<dyn Store>),
    (clock, folder): (&Hands, &Path),
    settings: Settings,
    stop: &CancellationToken,
) -> App {
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    let bus = Bus::new(BusParts {
        node: node.into(),
        broker,
        store: Arc::clone(&store),
        clock: Arc::clone(&clock),
        find: connectors::connector,
        catalogue: Arc::new(Connectors),
        http: Http::new(HttpOptions::default()),
        limits: Limits::default(),
        folder: folder.join("files"),
        scratch: folder.join("scratch"),
        slots: 2,
        settings: BusSettings::default(),
    });
    let keys = workers::vault_keys(folder).expect("a key");
    let vault = Vault::open(Arc::clone(&store), Arc::clone(&clock), keys).await.expect("a vault");
    App::new(gateway::Parts { bus: bus.with_vault(vault), store, clock, settings, stop: stop.clone() })
}

impl Place {
    pub(crate) async fn new() -> Self {
        Self::with(settings()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        // 2026-03-01T12:00:00Z
        let clock = Hands(Arc::new(AtomicI64::new(1_772_366_400_000)));
        let hands = clock.clone();
        let now = Arc::new(move || hands.0.load(Ordering::SeqCst));
        let embedded = Arc::new(Embedded::open(folder.path(), now).expect("a store"));
        let stop = CancellationToken::new();
        let shared = (embedded.clone() as Arc<dyn Broker>, embedded as Arc<dyn Store>);
        let app = server("test", shared, (&clock, folder.path()), settings, &stop).await;
        Self { router: gateway::app(app.clone()), app, clock, folder, stop }
    }

    /// Another server on the same store.
    pub(crate) async fn neighbour(&self) -> App {
        let bus = self.app.bus();
        let shared = (Arc::clone(bus.broker()), Arc::clone(bus.store()));
        server("neighbour", shared, (&self.clock, self.folder.path()), settings(), &self.stop).await
    }

    /// Makes a call.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.expect("no error");
        let (head, body) = answer.into_parts();
        let body = body.collect().await.expect("a body").to_bytes().to_vec();
        Answer { status: head.status, headers: head.headers, body }
    }

    /// The first account, an administrator, signed in.
    pub(crate) async fn first(&self) -> Person {
        let link = self.app.first_link().await.expect("a link").expect("no account yet");
        let body = self.entry(&link.link, "Admin", "admin@example.org");
        let answer = Person::nobody().post(self, "/accounts/first", body).await;
        Person::signed_in(&answer)
    }

    /// A new account, signed in.
    pub(crate) async fn invited(&self, admin: &Person, name: &str) -> Person {
        let email = format!("{}@example.org", name.to_lowercase());
        let link = admin.post(self, "/accounts", json!({ "email": email })).await;
        assert_eq!(link.status, StatusCode::CREATED, "{}", link.text());
        let link = link.json()["link"].as_str().expect("a link").to_owned();
        self.clock.forward(Duration::from_millis(1));
        let answer = Person::nobody().post(self, "/accounts/accept", self.entry(&link, name, &email)).await;
        Person::signed_in(&answer)
    }

    fn entry(&self, link: &str, name: &str, email: &str) -> Value {
        let (_, token) = link.split_once('#').expect("a token");
        json!({ "token": token, "name": name, "email": email, "password": PASSWORD })
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

/// Somebody who calls: with a cookie, a key, or nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) cookie: Option<String>,
    pub(crate) csrf: Option<String>,
    pub(crate) key: Option<String>,
}

impl Person {
    pub(crate) fn nobody() -> Self {
        Self::default()
    }

    pub(crate) fn key(key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..Self::default() }
    }

    /// Whoever the answer has signed in.
    pub(crate) fn signed_in(answer: &Answer) -> Self {
        assert!(answer.status.is_success(), "{}: {}", answer.status, answer.text());
        let cookie = answer.header("set-cookie").split(';').next().expect("a cookie").to_owned();
        let session = answer.json();
        Self {
            id: session["account"]["id"].as_str().expect("an account").to_owned(),
            cookie: Some(cookie),
            csrf: Some(session["csrf"].as_str().expect("a token").to_owned()),
            key: None,
        }
    }

    /// A request of this person, as a browser or a program sends it.
    pub(crate) fn request(&self, method: &Method, path: &str) -> request::Builder {
        let path = if path.starts_with("/api") { path.to_owned() } else { format!("{ROOT}{path}") };
        self.request_at(method, &path)
    }

    /// The same, with the whole path.
    pub(crate) fn request_at(&self, method: &Method, path: &str) -> request::Builder {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "bus.test");
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie).header(header::ORIGIN, "http://bus.test");
        }
        if let Some(csrf) = &self.csrf {
            request = request.header(CSRF_HEADER, csrf);
        }
        if let Some(key) = &self.key {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        request
    }

    async fn send(&self, place: &Place, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.request(&method, path);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        place.send(request.body(body).expect("a request")).await
    }

    pub(crate) async fn get(&self, place: &Place, path: &str) -> Answer {
        self.send(place, Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, place: &Place, path: &str, body: Value) -> Answer {
        self.send(place, Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, place: &Place, path: &str, body: Value) -> Answer {
        self.send(place, Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, place: &Place, path: &str, body: Value) -> Answer {
        self.send(place, Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, place: &Place, path: &str) -> Answer {
        self.send(place, Method::DELETE, path, None).await
    }

    /// Signs in anew.
    pub(crate) async fn sign_in(place: &Place, email: &str, password: &str) -> Answer {
        Self::nobody().post(place, "/session", json!({ "email": email, "password": password })).await
    }
}

/// A workflow that runs: three records, one filter, nowhere to go.
pub(crate) fn document() -> Value {
    json!({
        "version": 1,
        "name": "Meters",
        "steps": [
            { "id": "meters", "connector": "records", "settings": { "records": [{ "n": 1 }, { "n": 2 }] } },
            { "id": "end", "connector": "discard", "settings": {} }
        ],
        "links": [{ "from": "meters.out", "to": "end.in" }]
    })
}

/// A run of a workflow; nobody works on it.
pub(crate) async fn run(place: &Place, workflow: &str) -> String {
    let start = Start {
        workflow: workflow.to_owned(),
        parameters: serde_json::Map::new(),
        inputs: std::collections::BTreeMap::new(),
        by: StartedBy::Call,
        language: Language::En,
        priority: backplane::Priority::default(),
    };
    place.app.bus().start(start).await.expect("accepted").id
}
