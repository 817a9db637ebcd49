use super::*;
use crate::{
    Principal, Workflows,
    testing::{HandClock, Node},
};
use connectors::Connectors;
use proptest::prelude::*;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// Runs that were started, as a store keeps them: an id is there once.
#[derive(Default)]
struct Runs(Mutex<BTreeMap<String, Slot>>);

impl Runs {
    fn slots(&self) -> Vec<String> {
        let runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut slots: Vec<String> = runs.values().map(|slot| slot.at.to_string()).collect();
        slots.sort();
        slots
    }
}

impl Starts for Runs {
    fn start(&self, slot: Slot) -> BoxFuture<'_, Result<(), BusError>> {
        Box::pin(async move {
            let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            assert_eq!(runs.entry(slot.run.clone()).or_insert_with(|| slot.clone()), &slot);
            Ok(())
        })
    }
}

fn at(text: &str) -> i64 {
    serde_json::from_value::<Time>(text.into()).expect("a time").0
}

fn schedule(cron: &str, missed: Missed) -> Schedule {
    Schedule { cron: cron.to_owned(), zone: "Europe/Paris".to_owned(), missed }
}

/// A bus whose clock stands at a time, with one schedule.
async fn bus(start: &str, schedule: Schedule) -> (Node, Schedules) {
    let node = Node::new();
    node.hand.set(at(start));
    let schedules = Schedules::new(node.store(), node.clock());
    schedules.follow("w", vec![schedule]).await.expect("followed");
    (node, schedules)
}

/// Lets time pass minute by minute, firing what is due.
async fn live(clock: &HandClock, schedules: &Schedules, runs: &Runs, minutes: i64) {
    for _ in 0..minutes {
        clock.forward(MINUTE);
        schedules.fire(runs, 1).await.expect("fired");
    }
}

#[tokio::test]
async fn a_fixed_time_fires_once_a_day_also_where_the_clock_is_changed() {
    for (start, expected) in [
        (
            "2026-03-28T00:30:00Z",
            ["2026-03-28T01:30:00.000Z", "2026-03-29T01:30:00.000Z", "2026-03-30T00:30:00.000Z"],
        ),
        (
            "2026-10-24T00:00:00Z",
            ["2026-10-24T00:30:00.000Z", "2026-10-25T00:30:00.000Z", "2026-10-26T01:30:00.000Z"],
        ),
    ] {
        let (node, schedules) = bus(start, schedule("30 2 * * *", Missed::Once)).await;
        let runs = Runs::default();
        live(&node.hand, &schedules, &runs, 3 * DAY / MINUTE - 1).await;
        assert_eq!(runs.slots(), expected);
    }
}

#[tokio::test]
async fn what_was_missed_is_left_out_or_made_up() {
    for (missed, expected) in [
        (Missed::Skip, vec!["2026-05-10T04:00:00.000Z"]),
        (Missed::Once, vec!["2026-05-09T04:00:00.000Z", "2026-05-10T04:00:00.000Z"]),
        (
            Missed::All,
            vec![
                "2026-05-06T04:00:00.000Z",
                "2026-05-07T04:00:00.000Z",
                "2026-05-08T04:00:00.000Z",
                "2026-05-09T04:00:00.000Z",
                "2026-05-10T04:00:00.000Z",
            ],
        ),
    ] {
        let (node, _) = bus("2026-05-05T12:00:00Z", schedule("0 6 * * *", missed)).await;
        // off for days, then started anew
        node.hand.set(at("2026-05-09T12:00:00Z"));
        let (schedules, runs) = (Schedules::new(node.store(), node.clock()), Runs::default());
        schedules.fire(&runs, 1).await.expect("fired");
        live(&node.hand, &schedules, &runs, DAY / MINUTE).await;
        assert_eq!(runs.slots(), expected, "{missed:?}");
    }
}

#[tokio::test]
async fn of_what_is_made_up_there_is_a_limit() {
    let (node, schedules) = bus("2026-05-05T12:00:00Z", schedule("* * * * *", Missed::All)).await;
    node.hand.set(at("2027-05-05T12:00:00Z"));
    let runs = Runs::default();
    assert_eq!(schedules.fire(&runs, 1).await, Ok(MOST_MISSED));
    assert_eq!(runs.slots().last().map(String::as_str), Some("2027-05-05T12:00:00.000Z"));
}

#[tokio::test]
async fn schedulers_at_once_fire_each_slot_once() {
    let (node, schedules) = bus("2026-05-05T12:00:00Z", schedule("*/5 * * * *", Missed::All)).await;
    let runs = Runs::default();
    for _ in 0..50 {
        node.hand.forward(4 * MINUTE);
        let (one, other) = futures::join!(schedules.fire(&runs, 1), schedules.fire(&runs, 1));
        one.and(other).expect("fired");
    }
    assert_eq!(runs.slots().len(), 40);
}

#[tokio::test]
async fn a_scheduler_that_has_lost_its_lease_fires_nothing() {
    let (node, schedules) = bus("2026-05-05T12:00:00Z", schedule("*/5 * * * *", Missed::All)).await;
    let (store, time) = (node.store(), Duration::from_secs(15));
    let old = store.lease("schedules", "old", time).await.expect("asked").expect("free");
    node.hand.forward(5 * MINUTE);
    let new = store.lease("schedules", "new", time).await.expect("asked").expect("run out");
    let (early, late) = (Runs::default(), Runs::default());
    assert_eq!(schedules.fire(&late, new.token).await, Ok(1));
    // the old one was held up between its lease and its work, and a further slot is due now
    node.hand.forward(5 * MINUTE);
    let fenced = schedules.fire(&early, old.token).await;
    assert!(matches!(fenced, Err(BusError::Backplane(error)) if error.trouble == Trouble::Conflict));
    assert!(early.slots().is_empty());
    assert_eq!(schedules.fire(&late, new.token).await, Ok(1));
    assert_eq!(late.slots(), ["2026-05-05T12:05:00.000Z", "2026-05-05T12:10:00.000Z"]);
}

#[tokio::test]
async fn a_workflow_brings_its_schedules_and_takes_them_with_it() {
    let node = Node::new();
    node.hand.set(at("2026-05-05T12:00:00Z"));
    let schedules = Schedules::new(node.store(), node.clock());
    let workflows = Workflows::new(node.store(), node.clock(), Arc::new(Connectors));
    let with = |cron: &str, connector: &str| {
        let mut workflow = Workflow::new("w");
        let step = |id: &str, connector: &str| bus_core::workflow::Step {
            id: id.to_owned(),
            connector: connector.to_owned(),
            settings: match connector {
                "records" => serde_json::Map::from_iter([("records".to_owned(), serde_json::json!([]))]),
                _ => serde_json::Map::new(),
            },
            ..Default::default()
        };
        workflow.steps = vec![step("in", connector), step("out", "discard")];
        workflow.links = vec![bus_core::workflow::Link::between("in", "out")];
        workflow.triggers = vec![Trigger::Schedule(schedule(cron, Missed::Once))];
        workflow
    };
    let id = workflows.create(with("0 6 * * *", "records"), "anne").await.expect("created").id;
    assert_eq!(schedules.next(&id).await, Ok(Some(Time(at("2026-05-06T04:00:00Z")))));
    node.hand.set(at("2026-05-07T12:00:00Z"));
    let mut renamed = with("0 6 * * *", "records");
    renamed.name = "other".to_owned();
    workflows.save(&id, renamed, "anne", None).await.expect("saved");
    assert_eq!(
        schedules.next(&id).await,
        Ok(Some(Time(at("2026-05-06T04:00:00Z")))),
        "a save makes none missed"
    );
    workflows.save(&id, with("0 7 * * *", "records"), "anne", None).await.expect("saved");
    assert_eq!(schedules.next(&id).await, Ok(Some(Time(at("2026-05-08T05:00:00Z")))));
    workflows.save(&id, with("0 7 * * *", "nothing"), "anne", None).await.expect("saved");
    assert_eq!(schedules.next(&id).await, Ok(None), "a draft does not run");
    workflows.save(&id, with("0 7 * * *", "records"), "anne", None).await.expect("saved");
    workflows
        .set_shares(
            &id,
            vec![crate::Granted {
                with: Principal::Group("g".to_owned()),
                role: bus_core::api::Role::Viewer,
            }],
        )
        .await
        .expect("shared");
    assert!(schedules.next(&id).await.expect("read").is_some());
    workflows.delete(&id).await.expect("deleted");
    assert_eq!(schedules.next(&id).await, Ok(None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Crashes at any write, down times, nodes at once: every slot that had to be fired was, once.
    #[test]
    fn no_crash_leaves_a_slot_out(
        hours in proptest::collection::vec((0..180_i64, 0..4_u64, any::<bool>()), 1..20),
        every in prop_oneof![Just("7 * * * *"), Just("*/20 * * * *"), Just("30 2 * * *")],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let (node, whole) = bus("2026-10-24T20:00:00Z", schedule(every, Missed::All)).await;
            let runs = Runs::default();
            for (minutes, writes, crash) in hours {
                node.hand.forward(minutes * MINUTE);
                if crash {
                    let failing = Schedules { store: node.store_that_fails_after(writes), ..whole.clone() };
                    // ends with an error, as a process would in the middle
                    let (one, other) = futures::join!(failing.fire(&runs, 1), whole.fire(&runs, 1));
                    drop((one, other));
                }
            }
            whole.fire(&runs, 1).await.expect("fired");
            let times = schedule(every, Missed::All).times().expect("a schedule");
            let (start, end) = (Time(at("2026-10-24T20:00:00Z")), Time(node.hand.milliseconds()));
            let expected: Vec<String> =
                passed(&times, Time(start.0 + 1), end, 10_000).iter().map(ToString::to_string).collect();
            assert_eq!(runs.slots(), expected);
        });
    }
}
