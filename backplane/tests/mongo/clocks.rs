//! Nodes whose clocks are wrong: leases and chunks go by the time of the server.
#![expect(clippy::disallowed_methods, reason = "a child is told by its environment what to do")]

use crate::{beside, now, settings};
use backplane::{
    Lease, Store,
    mongo::{Mongo, MongoSettings},
};
use mongodb::bson::doc;
use std::{env, process::Command, time::Duration};

const MINUTE: Duration = Duration::from_secs(60);
/// How far the time may be off in a test: the way to the server, on a slow machine.
const NEAR: i64 = 20_000;

/// Whether something runs out in a minute, by the time of the server.
async fn in_a_minute(settings: &MongoSettings, until: i64) -> bool {
    let hello = beside(settings).await.run_command(doc! { "hello": 1 }).await.expect("asked");
    let time = hello.get_datetime("localTime").expect("a time").timestamp_millis();
    (until - time - 60_000).abs() < NEAR
}

/// What is kept and held for a minute by this node is so for all.
async fn hold(store: &Mongo, settings: &MongoSettings, node: &str) -> Lease {
    store.put_chunk(node, "run/", vec![1], MINUTE).await.expect("kept");
    let chunks = store.chunks("run/", None, 9).await.expect("listed");
    let kept = chunks.iter().find(|chunk| chunk.name == node).expect("listed");
    assert!(in_a_minute(settings, kept.until).await, "the chunk of {node} is kept until {}", kept.until);
    let lease = store.lease(node, node, MINUTE).await.expect("asked").expect("free");
    assert!(in_a_minute(settings, lease.until).await, "the lease of {node} is held until {}", lease.until);
    lease
}

/// What another node holds cannot be taken from it, and what it keeps can be read.
async fn respect(store: &Mongo, node: &str, other: &str) {
    assert_eq!(store.lease(other, node, MINUTE).await, Ok(None), "{node} takes the lease of {other}");
    store.sweep().await.expect("swept");
    assert_eq!(store.chunk(other).await, Ok(Some(vec![1])), "{node} does not see the chunk of {other}");
}

/// Not a test: the node whose clock is wrong by the hours it is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the test below"]
async fn child() {
    let told = |name: &str| env::var(name).expect("told");
    let settings = MongoSettings { database: told("BACKPLANE_DATABASE"), ..settings(&told("BACKPLANE_URI")) };
    let right: i64 = told("BACKPLANE_TIME").parse().expect("a time");
    let hours: i64 = told("BACKPLANE_HOURS").parse().expect("hours");
    assert!((now() - right - hours * 3_600_000).abs() < NEAR, "its clock is not wrong at all");
    let store = Mongo::connect(settings.clone()).await.expect("connected");
    let me = told("BACKPLANE_HOURS");
    assert_eq!(store.chunk("over").await, Ok(None), "its time has passed");
    respect(&store, &me, "right").await;
    hold(&store, &settings, &me).await;
    assert!(store.lease("over", &me, MINUTE).await.expect("asked").is_some(), "it has run out");
    println!("{me} is done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_wrong_by_an_hour_does_not_matter() {
    let server = test_servers::mongodb().expect("a server");
    let settings = settings(&server.uri);
    let wrong_clock = test_servers::wrong_clock().expect("the library");
    let store = Mongo::connect(settings.clone()).await.expect("connected");
    let first = hold(&store, &settings, "right").await;
    for hours in ["+1", "-1"] {
        store.put_chunk("over", "over/", vec![2], Duration::ZERO).await.expect("kept");
        let over = store.lease("over", "right", Duration::ZERO).await.expect("asked");
        assert!(over.is_some_and(|lease| lease.token > 0), "nobody had it");
        let mut node = Command::new(env::current_exe().expect("a program"));
        node.args(["--exact", "clocks::child", "--ignored", "--nocapture"])
            .env("LD_PRELOAD", &wrong_clock)
            .env("FAKETIME", format!("{hours}h"))
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("BACKPLANE_URI", &settings.uri)
            .env("BACKPLANE_DATABASE", &settings.database)
            .env("BACKPLANE_TIME", now().to_string())
            .env("BACKPLANE_HOURS", hours);
        let ran = tokio::task::spawn_blocking(move || node.output()).await.expect("joined").expect("ran");
        let said = String::from_utf8_lossy(&ran.stdout);
        assert!(said.contains("is done"), "{said}{}", String::from_utf8_lossy(&ran.stderr));
        respect(&store, "right", hours).await;
        let over = store.lease("over", hours, Duration::ZERO).await.expect("asked").expect("its own");
        store.release(over).await.expect("given back");
    }
    let longer = store.lease("right", "right", MINUTE).await.expect("asked").expect("its own");
    assert_eq!(longer.token, first.token, "nobody had it in between");
    store.remove().await.expect("removed");
}
