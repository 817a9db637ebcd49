//! What the operator reads when the store cannot be used, and that it is used again when it can.

use crate::settings;
use backplane::{
    BackplaneError, Collection, Expect, Store, Trouble,
    mongo::{Mongo, MongoSettings},
};
use mongodb::{Client, bson::doc};
use serde_json::json;
use std::{path::Path, sync::Arc, time::Duration};
use test_servers::{Certificates, MongoServer};
use tokio::{task::JoinSet, time::Instant};

const NOTES: Collection = Collection { name: "notes", indexes: &[] };
const LONG: Duration = Duration::from_secs(60);

fn impatient(uri: &str) -> MongoSettings {
    MongoSettings { start: Duration::from_secs(2), call: Duration::from_secs(1), ..settings(uri) }
}

/// It is no use to try again: told at once, however long the start may wait.
async fn refused(uri: &str) -> BackplaneError {
    let begun = Instant::now();
    let patient = MongoSettings { start: LONG, call: Duration::from_secs(10), ..settings(uri) };
    let error = Mongo::connect(patient).await.expect_err("refused");
    assert_eq!(error.trouble, Trouble::Refused, "{error}");
    assert!(begun.elapsed() < Duration::from_secs(20), "told at once, not after {:?}", begun.elapsed());
    error
}

#[tokio::test]
async fn nobody_there_is_tried_for_a_while_and_told() {
    let begun = Instant::now();
    let error = Mongo::connect(impatient("mongodb://bus:secret@127.0.0.1:1")).await.expect_err("nobody");
    assert_eq!(error.trouble, Trouble::Unavailable, "{error}");
    let said = error.to_string();
    assert!(said.starts_with("MongoDB at 127.0.0.1:1 cannot be reached ("), "{said}");
    assert!(
        said.ends_with("check that it runs, that the address is right and that no firewall stands between")
    );
    assert!(!said.contains("secret"), "no password: {said}");
    assert!(begun.elapsed() >= Duration::from_secs(1), "it was tried for a while");
}

#[tokio::test]
async fn an_address_that_is_none_is_told_at_once() {
    for odd in ["http://127.0.0.1", "mongodb://", "mongodb://bus:secret@127.0.0.1:port", "127.0.0.1:27017"] {
        let said = refused(odd).await.to_string();
        assert!(said.starts_with("the address of MongoDB cannot be read ("), "{odd}: {said}");
        assert!(said.ends_with("it is written mongodb://user:password@host:27017"), "{odd}: {said}");
        assert!(!said.contains("secret"), "no password: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_late_is_waited_for() {
    let mut server = MongoServer::start().expect("a server");
    // one that has only just begun does not always hear that it should stop
    server.kill();
    let settings = MongoSettings { start: LONG, ..impatient(&server.uri()) };
    let mut connecting = JoinSet::new();
    connecting.spawn(Mongo::connect(settings));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(connecting.try_join_next().is_none(), "it waits");
    server.begin().expect("it starts");
    connecting.join_next().await.expect("there").expect("joined").expect("connected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_may_not_is_told_at_once() {
    let mut server = MongoServer::start().expect("a server");
    let client = Client::with_uri_str(server.uri()).await.expect("an address");
    let rights = doc! { "role": "readWrite", "db": "bus" };
    let user = doc! { "createUser": "bus", "pwd": "right", "roles": [rights] };
    client.database("admin").run_command(user).await.expect("a user");
    server.stop();
    server.arguments(&["--auth"]);
    server.begin().expect("it starts");
    let at = |user: &str| server.uri().replace("mongodb://", &format!("mongodb://{user}@"));

    let said = refused(&at("bus:wrong")).await.to_string();
    assert!(said.contains("does not let the user in ("), "{said}");
    assert!(said.ends_with("check name, password and authSource in the address"), "{said}");
    assert!(!said.contains("wrong"), "no password: {said}");

    // a user without rights on the database that was asked for, and nobody at all
    for user in [at("bus:right"), server.uri()] {
        let said = refused(&user).await.to_string();
        assert!(said.contains("does not allow this ("), "{said}");
        assert!(said.contains("give the user the role readWrite on the database test_"), "{said}");
    }

    let right = MongoSettings { database: "bus".to_owned(), ..settings(&at("bus:right")) };
    let store = Mongo::connect(right).await.expect("readWrite is enough");
    assert_eq!(store.save(NOTES, "n", json!(1).into(), Expect::Absent).await, Ok(1));
}

async fn works(store: &Arc<Mongo>) -> Result<(), BackplaneError> {
    store.save(NOTES, "n", json!(1).into(), Expect::Anything).await?;
    store.put_chunk("c", "run/", vec![1], LONG).await?;
    store.lease("l", "node", LONG).await.map(drop)
}

/// Tries until it works again.
async fn again(store: &Arc<Mongo>) {
    let until = Instant::now() + LONG;
    while let Err(error) = works(store).await {
        assert!(Instant::now() < until, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_and_comes_is_used_again() {
    let mut server = MongoServer::start().expect("a server");
    let store = Mongo::connect(impatient(&server.uri())).await.expect("connected");
    works(&store).await.expect("it works");
    for killed in [false, true] {
        if killed {
            server.kill();
        } else {
            server.stop();
        }
        for _ in 0..2 {
            let calls = [
                store.get(NOTES, "n").await.map(drop),
                store.save(NOTES, "n", json!(2).into(), Expect::Anything).await.map(drop),
                store.put_chunk("c", "run/", vec![2], LONG).await,
                store.lease("l", "node", LONG).await.map(drop),
            ];
            for called in calls {
                let error = called.expect_err("nobody is there");
                assert_eq!(error.trouble, Trouble::Unavailable, "{error}");
            }
        }
        server.begin().expect("it starts again");
        again(&store).await;
        assert!(store.get(NOTES, "n").await.expect("read").is_some(), "what was saved is there");
    }
    server.hold(true);
    let begun = Instant::now();
    let error = store.get(NOTES, "n").await.expect_err("it does not answer");
    assert_eq!(error.trouble, Trouble::Unavailable, "{error}");
    assert!(begun.elapsed() < Duration::from_secs(10), "a call has its limit");
    server.hold(false);
    again(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_is_spoken_with_who_is_trusted() {
    let (ours, other) = (Certificates::new().expect("made"), Certificates::new().expect("made"));
    let text = |path: &Path| path.to_str().expect("text").to_owned();
    let mut server = MongoServer::start().expect("a server");
    // one that has only just begun does not always hear that it should stop
    server.kill();
    server.arguments(&["--tls-cert-file", &text(&ours.server()), "--tls-key-file", &text(&ours.key())]);
    server.begin().expect("it starts");
    let trusting = |authority: &Path| {
        let file = text(authority).replace('/', "%2F");
        format!("{}/?tls=true&tlsCAFile={file}", server.uri())
    };
    let store = Mongo::connect(settings(&trusting(&ours.authority()))).await.expect("connected");
    works(&store).await.expect("it works over TLS");
    assert!(Mongo::connect(impatient(&server.uri())).await.is_err(), "without TLS it does not");

    let said = refused(&trusting(&other.authority())).await.to_string();
    assert!(said.contains("is not trusted (invalid peer certificate: "), "{said}");
    assert!(said.contains("(tlsCAFile)"), "{said}");
    let said = refused(&trusting(Path::new("/nowhere.pem"))).await.to_string();
    assert!(said.contains("No such file"), "{said}");
}
