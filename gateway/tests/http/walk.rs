//! Every call as everybody: who is let through, and what the others hear.
//!
//! A call that is let through is recognised by its body: it is announced as far too large, so that it is refused
//! right after the permission check, and its handler does nothing.

use crate::place::{PASSWORD, Person, Place};
use axum::{
    body::Body,
    http::{StatusCode, header},
};
use bus_core::{
    api::{KeyScope, Role},
    workflow::Workflow,
};
use gateway::{Allowed, Route};
use serde_json::json;
use std::{env, fmt::Write, fs, path::Path, time::Duration};
use workers::{Granted, Principal};

/// Who walks. The keys are the owner's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Nobody,
    Stranger,
    Viewer,
    Editor,
    Owner,
    Administrator,
    KeyRead,
    KeyRun,
    KeyWrite,
    KeyElsewhere,
    KeyExpired,
    SessionExpired,
}

use Who::{
    Administrator, Editor, KeyElsewhere, KeyExpired, KeyRead, KeyRun, KeyWrite, Nobody, Owner,
    SessionExpired, Stranger, Viewer,
};

const ALL: [Who; 12] = [
    Nobody,
    Stranger,
    Viewer,
    Editor,
    Owner,
    Administrator,
    KeyRead,
    KeyRun,
    KeyWrite,
    KeyElsewhere,
    KeyExpired,
    SessionExpired,
];

impl Who {
    /// What the key is good for, if it is one.
    fn scope(self) -> Option<KeyScope> {
        match self {
            KeyRead => Some(KeyScope::Read),
            KeyRun => Some(KeyScope::Run),
            KeyWrite | KeyElsewhere | KeyExpired => Some(KeyScope::Write),
            _ => None,
        }
    }

    fn is_known(self) -> bool {
        !matches!(self, Nobody | SessionExpired | KeyExpired)
    }

    /// Whether it is the owner of everything the walk comes by, in person or by a key.
    fn is_owner(self) -> bool {
        self == Owner || (self.is_known() && self.scope().is_some())
    }

    fn role(self) -> Option<Role> {
        match self {
            Viewer => Some(Role::Viewer),
            Editor => Some(Role::Editor),
            KeyElsewhere => None,
            _ => self.is_owner().then_some(Role::Owner),
        }
    }
}

/// What the row of the table says about somebody.
fn expected(route: &Route, who: Who) -> StatusCode {
    let through = StatusCode::PAYLOAD_TOO_LARGE;
    if who == KeyExpired {
        return StatusCode::UNAUTHORIZED;
    }
    let if_known = |then: StatusCode| if who.is_known() { then } else { StatusCode::UNAUTHORIZED };
    let first = match route.allowed {
        Allowed::Nobody => StatusCode::FORBIDDEN,
        Allowed::Anyone => through,
        Allowed::SignedIn => if_known(through),
        Allowed::Administrator if who == Administrator => through,
        Allowed::Oneself if who == Administrator || who.is_owner() => through,
        Allowed::GroupOwner if who == Administrator || who.is_owner() => through,
        Allowed::GroupOwner if who != Editor => if_known(StatusCode::NOT_FOUND),
        Allowed::Administrator | Allowed::Oneself | Allowed::GroupOwner => if_known(StatusCode::FORBIDDEN),
        Allowed::Workflow(needed) | Allowed::Run(needed) => match who.role() {
            None => if_known(StatusCode::NOT_FOUND),
            Some(role) if role < needed => StatusCode::FORBIDDEN,
            Some(_) => through,
        },
    };
    match (first, who.scope()) {
        (StatusCode::PAYLOAD_TOO_LARGE, Some(scope)) if route.key.is_none_or(|needed| needed > scope) => {
            StatusCode::FORBIDDEN
        }
        _ => first,
    }
}

/// Everybody who walks, and what they come by.
struct Walk {
    place: Place,
    people: Vec<(Who, Person)>,
    workflow: String,
    run: String,
    account: String,
    group: String,
    key: String,
}

impl Walk {
    async fn new() -> Self {
        let place = Place::new().await;
        let admin = place.first().await;
        let owner = place.invited(&admin, "Owner").await;
        let until = json!({ "name": "old", "scope": "write", "until": "2026-03-02T12:00:00Z" });
        let old_key = key(&place, &owner, until).await;
        let old_session = owner.clone();
        place.clock.forward(Duration::from_secs(8 * 24 * 3_600));

        let admin = Person::signed_in(&Person::sign_in(&place, "admin@example.org", PASSWORD).await);
        let owner = Person::signed_in(&Person::sign_in(&place, "owner@example.org", PASSWORD).await);
        let stranger = place.invited(&admin, "Stranger").await;
        let viewer = place.invited(&admin, "Viewer").await;
        let editor = place.invited(&admin, "Editor").await;
        let (workflow, elsewhere) = (workflow(&place, &owner).await, workflow(&place, &owner).await);
        let group = json!({ "name": "Group", "members": [editor.id] });
        let group =
            owner.post(&place, "/groups", group).await.json()["id"].as_str().expect("an id").to_owned();
        // the editor by a group, the viewer by account: both ways are walked
        let shares = vec![
            Granted { with: Principal::Group(group.clone()), role: Role::Editor },
            Granted { with: Principal::Account(viewer.id.clone()), role: Role::Viewer },
        ];
        place.app.bus().workflows().set_shares(&workflow, shares).await.expect("shared");
        let run = crate::place::run(&place, &workflow).await;
        let mut people = vec![
            (Nobody, Person::nobody()),
            (Stranger, stranger),
            (Viewer, viewer),
            (Editor, editor),
            (Owner, owner.clone()),
            (Administrator, admin),
        ];
        for (who, scope) in [(KeyRead, "read"), (KeyRun, "run"), (KeyWrite, "write")] {
            people.push((who, key(&place, &owner, json!({ "name": scope, "scope": scope })).await));
        }
        let other = json!({ "name": "elsewhere", "scope": "write", "workflows": [elsewhere] });
        people.push((KeyElsewhere, key(&place, &owner, other).await));
        people.push((KeyExpired, old_key));
        people.push((SessionExpired, old_session));
        let key = owner.get(&place, "/keys").await.json()[0]["id"].as_str().expect("an id").to_owned();
        Self { place, people, workflow, run, account: owner.id, group, key }
    }

    /// The path with its parameters filled in.
    fn path(&self, template: &str) -> String {
        let relative = template.trim_start_matches("/api/v1");
        let id = match relative.split('/').nth(1).unwrap_or_default() {
            "workflows" => &self.workflow,
            "runs" => &self.run,
            "accounts" => &self.account,
            "groups" => &self.group,
            "keys" => &self.key,
            _ => "1",
        };
        let mut path = String::new();
        for part in template.split_inclusive('/') {
            match part.trim_end_matches('/') {
                "{id}" => path += &part.replace("{id}", id),
                other if other.starts_with('{') => path += &part.replace(other, "1"),
                _ => path += part,
            }
        }
        path
    }

    async fn step(&self, route: &Route, person: &Person) -> StatusCode {
        let request = person
            .request_at(&route.method, &self.path(&route.path))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_LENGTH, u64::MAX.to_string());
        self.place.send(request.body(Body::empty()).expect("a request")).await.status
    }
}

async fn key(place: &Place, owner: &Person, asked: serde_json::Value) -> Person {
    let made = owner.post(place, "/keys", asked).await;
    Person::key(made.json()["key"].as_str().expect("a key"))
}

async fn workflow(place: &Place, owner: &Person) -> String {
    let document: Workflow = serde_json::from_value(crate::place::document()).expect("a workflow");
    place.app.bus().workflows().create(document, &owner.id).await.expect("kept").id
}

fn shown(status: StatusCode) -> String {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => "yes".into(),
        other => other.as_u16().to_string(),
    }
}

#[tokio::test]
async fn everybody_hears_what_the_table_says() {
    let walk = Walk::new().await;
    let mut table = String::from(
        "Who is let through (yes), and what the others hear. Keys are the owner's; one of them is for another workflow.\n\
         The editor is one by a group, whose owner is the owner. Written by the tests: BLESS=1 rewrites it.\n\n",
    );
    let columns = [
        "nobody", "strngr", "viewer", "editor", "owner", "admin", "k:read", "k:run", "k:wrte", "k:othr",
        "k:old", "s:old",
    ];
    let _ = writeln!(table, "{:<74}{}", "", columns.map(|column| format!("{column:<7}")).concat().trim_end());
    let mut wrong = Vec::new();
    for route in gateway::routes() {
        let mut line = format!("{:<7}{:<66} ", route.method.as_str(), route.path);
        for (who, person) in &walk.people {
            let (found, meant) = (walk.step(&route, person).await, expected(&route, *who));
            if found != meant {
                wrong.push(format!("{} {}: {who:?} hears {found}, not {meant}", route.method, route.path));
            }
            let _ = write!(line, "{:<7}", shown(found));
        }
        table += line.trim_end();
        table += "\n";
    }
    assert_eq!(walk.people.iter().map(|(who, _)| *who).collect::<Vec<_>>(), ALL);
    assert!(wrong.is_empty(), "{wrong:#?}");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/access.txt");
    if env::var_os("BLESS").is_some() {
        fs::write(&file, &table).expect("write the table");
    }
    assert!(
        fs::read_to_string(&file).is_ok_and(|known| known == table),
        "tests/access.txt is not current: run with BLESS=1 and read the diff"
    );
}

#[test]
fn every_row_says_who_may() {
    for route in gateway::routes() {
        assert_ne!(route.allowed, Allowed::Nobody, "{} {}", route.method, route.path);
        let names_workflow = route.path.starts_with("/api/v1/workflows/{id}");
        let names_run = route.path.starts_with("/api/v1/runs/{id}");
        assert_eq!(matches!(route.allowed, Allowed::Workflow(_)), names_workflow, "{}", route.path);
        assert_eq!(matches!(route.allowed, Allowed::Run(_)), names_run, "{}", route.path);
    }
}
