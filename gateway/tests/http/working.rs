//! A place whose bus works: runs that are started come to their end.

use crate::place::{Answer, Person, Place, settings};
use axum::{
    body::Body,
    http::{Method, StatusCode},
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinSet;

/// A place, its administrator, and the bus at work.
pub(crate) struct Working {
    pub(crate) place: Place,
    pub(crate) admin: Person,
    /// Ends the work when the test ends.
    _tasks: JoinSet<()>,
}

/// Long enough for any run of a test.
const LONG: Duration = Duration::from_secs(60);

impl Working {
    pub(crate) async fn new() -> Self {
        Self::with(settings()).await
    }

    pub(crate) async fn with(settings: gateway::Settings) -> Self {
        let place = Place::with(settings).await;
        let admin = place.first().await;
        let (bus, stop, mut tasks) = (place.app.bus().clone(), place.stop.clone(), JoinSet::new());
        tasks.spawn(async move { bus.work(stop).await });
        Self { place, admin, _tasks: tasks }
    }

    /// A workflow of the administrator; its id.
    pub(crate) async fn workflow(&self, document: Value) -> String {
        let made = self.admin.post(&self.place, "/workflows", json!({ "document": document })).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        text(&made.json()["summary"]["id"])
    }

    /// Starts a run and waits for its end; its id.
    pub(crate) async fn ran(&self, workflow: &str, asked: Value) -> String {
        let path = format!("/workflows/{workflow}/runs");
        let started = self.admin.post(&self.place, &path, asked).await;
        assert_eq!(started.status, StatusCode::ACCEPTED, "{}", started.text());
        let run = text(&started.json()["id"]);
        self.ended(&run).await;
        run
    }

    /// Waits for the end of a run.
    pub(crate) async fn ended(&self, run: &str) {
        let summary = self.place.app.bus().wait(run, LONG).await.expect("a run");
        assert!(summary.status.has_ended(), "{summary:?}");
    }

    /// A call of the administrator with a body of any type and headers of its own.
    pub(crate) async fn call(
        &self,
        person: &Person,
        (method, path): (Method, &str),
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = if path.starts_with("/data") {
            person.request_at(&method, path)
        } else {
            person.request(&method, path)
        };
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.place.send(request.body(body.into()).expect("a request")).await
    }
}

/// A member that is text.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// Three towns; those with enough inhabitants go on to the end.
pub(crate) fn towns() -> Value {
    json!({
        "version": 1, "name": "Villes",
        "parameters": { "least": { "type": "integer", "default": 100_000 } },
        "steps": [
            { "id": "towns", "connector": "records", "settings": { "records": [
                { "town": "Brest", "people": 139_456 },
                { "town": "Quimper", "people": 63_283 },
                { "town": "Ouessant", "people": "masqué" },
            ] } },
            { "id": "large", "connector": "filter", "settings": { "expression": "people >= ${least}" } },
            { "id": "end", "connector": "discard" },
        ],
        "links": ["towns -> large -> end"],
        "triggers": [{ "http": { "input": "towns" } }, { "upload": { "input": "towns" } }],
    })
}
