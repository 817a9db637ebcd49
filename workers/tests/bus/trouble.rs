//! What goes wrong: it is tried again, told, given up, resumed; the node goes on.

use crate::house::*;
use backplane::{Broker, Message, Priority};
use bus_core::{
    Language,
    api::{RunStatus, StepOutcome},
};
use serde_json::json;
use std::time::Duration;
use workers::{BusError, BusSettings, Split};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_for_a_while_is_tried_again_then_given_up_and_can_be_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), quick());
    let document = workflow(
        &[("in", "flaky", json!({ "name": "away" })), ("out", "discard", json!({}))],
        &["in -> out"],
    );
    house.keep("w", &document).await;
    gate("away", |gate| gate.fails = 1);
    assert_eq!(house.succeeds("w").await.written, 1);
    assert_eq!(gate("away", |gate| std::mem::take(&mut gate.tries)), 2);

    gate("away", |gate| gate.fails = 3);
    let run = house.run("w").await;
    assert_eq!(run.status, RunStatus::Failed);
    assert_eq!(gate("away", |gate| gate.tries), 3);
    let detail = house.bus.run(&run.id, Language::En).await.unwrap();
    assert_eq!(detail.steps[0].error.as_ref().unwrap().text, "step `in`: away");
    let letters = async || house.bus.dead_letters(10).await.unwrap();
    while letters().await.is_empty() {
        tokio::task::yield_now().await;
    }
    let letter = letters().await.remove(0);
    assert_eq!((letter.run.as_str(), letter.reason.as_str()), (run.id.as_str(), "step `in`: away"));
    house.bus.bury(&letter.id, true).await.unwrap();
    assert_eq!(house.ended(&run.id).await.status, RunStatus::Succeeded);
    assert!(letters().await.is_empty());
    assert!(matches!(house.bus.resume(&run.id).await, Err(BusError::Refused(_))));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_resumed_at_once_does_not_wait_for_the_sweeper() {
    let folder = tempfile::tempdir().unwrap();
    // nobody would find a lost message in the time of the test
    let patience = Duration::from_secs(3_600);
    let settings = BusSettings { split: Split::Always, patience, ..quick() };
    let house = House::new(folder.path(), settings);
    let steps = [
        ("slow", "deaf", json!({ "name": "resumed" })),
        ("out-slow", "discard", json!({})),
        ("missing", "file", json!({ "path": "late.ndjson" })),
        ("out", "discard", json!({})),
    ];
    house.keep("w", &workflow(&steps, &["slow -> out-slow", "missing -> out"])).await;
    let run = house.start("w").await.id;
    assert_eq!(house.ended(&run).await.status, RunStatus::Failed);
    while gate("resumed", |gate| gate.tries) == 0 {
        tokio::task::yield_now().await;
    }
    let files = folder.path().join("files/w");
    std::fs::create_dir_all(&files).unwrap();
    std::fs::write(files.join("late.ndjson"), "{\"n\":1}\n").unwrap();
    // the first attempt of the slow one is still in hand when the second is published
    house.bus.resume(&run).await.unwrap();
    let ended = house.ended(&run).await;
    assert_eq!((ended.status, ended.written), (RunStatus::Succeeded, 2));
    assert_eq!(gate("resumed", |gate| gate.tries), 2);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_work_fails_at_once_and_is_no_dead_letter() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), quick());
    let document = workflow(
        &[("in", "file", json!({ "path": "no.csv" })), ("out", "discard", json!({}))],
        &["in -> out"],
    );
    house.keep("w", &document).await;
    let run = house.run("w").await;
    assert_eq!(run.status, RunStatus::Failed);
    let detail = house.bus.run(&run.id, Language::Fr).await.unwrap();
    let failure = detail.steps[0].error.as_ref().unwrap();
    assert!(failure.text.contains("no.csv"), "{}", failure.text);
    assert_eq!(detail.steps[1].counts.outcome, StepOutcome::Cancelled);
    assert!(house.bus.dead_letters(10).await.unwrap().is_empty());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_panics_ends_its_run_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::with_slots(folder.path(), quick(), 1);
    let broken = workflow(
        &[("in", "generator", numbers(10)), ("bad", "break", json!({})), ("out", "discard", json!({}))],
        &["in -> bad -> out"],
    );
    house.keep("broken", &broken).await;
    house
        .keep(
            "good",
            &workflow(&[("in", "generator", numbers(10)), ("out", "discard", json!({}))], &["in -> out"]),
        )
        .await;
    let run = house.run("broken").await;
    assert_eq!(run.status, RunStatus::Failed);
    let detail = house.bus.run(&run.id, Language::En).await.unwrap();
    assert!(detail.steps[1].error.as_ref().unwrap().text.contains("broken on purpose"));
    house.succeeds("good").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_cannot_be_read_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), quick());
    for (id, version, body) in [("newer", 99, b"{}".to_vec()), ("rubbish", 1, b"\xff".to_vec())] {
        let message = Message { id: id.to_owned(), version, priority: Priority::Batch, body };
        house.store.publish("tasks", message, Duration::ZERO).await.unwrap();
    }
    while house.bus.dead_letters(10).await.unwrap().len() < 2 {
        tokio::task::yield_now().await;
    }
    house
        .keep(
            "good",
            &workflow(&[("in", "generator", numbers(10)), ("out", "discard", json!({}))], &["in -> out"]),
        )
        .await;
    house.succeeds("good").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_cannot_be_accepted_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), quick());
    assert!(matches!(house.bus.start(start("nothing")).await, Err(BusError::Missing)));
    house
        .keep(
            "w",
            &workflow(&[("in", "generator", numbers(1)), ("out", "discard", json!({}))], &["in -> out"]),
        )
        .await;
    let mut asked = start("w");
    asked.parameters.insert("x".to_owned(), json!(1));
    let Err(BusError::Refused(message)) = house.bus.start(asked).await else { panic!("accepted") };
    assert!(message.text(Language::En).contains("`x`"), "{message}");
    let mut asked = start("w");
    asked.inputs.insert("in".to_owned(), "nothing".to_owned());
    assert!(matches!(house.bus.start(asked).await, Err(BusError::Refused(_))));
    let mut asked = start("w");
    asked.inputs.insert("out".to_owned(), "nothing".to_owned());
    assert!(matches!(house.bus.start(asked).await, Err(BusError::Refused(_))));
    house.close().await;
}
