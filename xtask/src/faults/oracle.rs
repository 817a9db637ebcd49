//! What must hold when all is quiet: every run has ended, every record is where it belongs, as often as it should be.

use super::{
    place::Place,
    work::{self, Kind},
};
use crate::cluster::process::pause;
use anyhow::{Result, bail};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// A run that was asked for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) n: i64,
    pub(super) kind: Kind,
    /// Its id, if its acceptance was heard.
    pub(super) id: Option<String>,
    /// The schedule that asked for it.
    pub(super) schedule: usize,
    /// How often it was looked for, if no server knew of it.
    pub(super) looks: usize,
}

/// What was found so far.
#[derive(Default)]
pub(super) struct Found {
    /// Runs accepted, also those of which only the store knew.
    pub(super) accepted: usize,
    /// Runs whose acceptance was not heard, but that are there.
    pub(super) unheard: usize,
    /// Records that came out.
    pub(super) records: u64,
    /// Runs that failed, why, and how often: all were resumed.
    pub(super) failed: BTreeMap<String, usize>,
    /// Dead letters that were answered.
    pub(super) letters: usize,
    /// What must not be.
    pub(super) wrong: Vec<String>,
    /// The longest that it took until all had ended.
    pub(super) slowest: Duration,
    /// Numbers of the publication's runs that succeeded.
    published: BTreeSet<i64>,
}

/// How long everything may take to end once nothing is wrong any more.
const MOST: Duration = Duration::from_secs(120);
/// How long a server may take to accept a run after whoever asked for it has given up.
const LATE: Duration = Duration::from_secs(30);
/// How many runs may be accepted after one that was asked for later.
const LATE_RUNS: i64 = 20;
/// How often a run of which no server knows is looked for.
const LOOKS: usize = 2;
/// How often a run that failed is resumed.
const RESUMES: usize = 3;

impl Found {
    /// Waits until all runs have ended and looks at what came of them.
    pub(super) fn look(&mut self, place: &Place, asked: &mut Vec<Asked>) -> Result<()> {
        let start = Instant::now();
        self.look_at_accepted(place, asked, start)?;
        while let Some(problem) = self.publication(place) {
            if asked.is_empty() || start.elapsed() > LATE {
                self.wrong.push(format!("the publication: {problem}"));
                break;
            }
            pause(Duration::from_millis(100));
            self.look_at_accepted(place, asked, start)?;
        }
        self.slowest = self.slowest.max(start.elapsed());
        asked.iter_mut().for_each(|run| run.looks += 1);
        asked.retain(|run| run.looks < LOOKS);
        self.letters(place)
    }

    /// Looks at the runs that the servers know of. Those that they do not stay with what was asked for: who asked gave
    /// up before the server did, which may accept them still.
    fn look_at_accepted(&mut self, place: &Place, asked: &mut Vec<Asked>, start: Instant) -> Result<()> {
        self.find_unheard(place, asked)?;
        let accepted: Vec<Asked> = asked.extract_if(.., |run| run.id.is_some()).collect();
        for run in accepted {
            let id = run.id.as_deref().unwrap_or_default();
            self.accepted += 1;
            if let Err(problem) = self.look_at(place, &run, id, start) {
                self.wrong.push(format!(
                    "schedule {}, {} n={} ({id}): {problem:#}",
                    run.schedule,
                    run.kind.name(),
                    run.n
                ));
            }
        }
        Ok(())
    }

    /// Runs whose acceptance was lost on its way: the store knows whether there are any.
    fn find_unheard(&mut self, place: &Place, asked: &mut [Asked]) -> Result<()> {
        let unheard: Vec<&mut Asked> = asked.iter_mut().filter(|run| run.id.is_none()).collect();
        if unheard.is_empty() {
            return Ok(());
        }
        let mut known: BTreeMap<(Kind, i64), String> = BTreeMap::new();
        let kinds: BTreeSet<Kind> = unheard.iter().map(|run| run.kind).collect();
        let least = unheard.iter().map(|run| run.n).min().unwrap_or_default();
        for kind in kinds {
            let id = place.workflows.get(&kind).map_or("", String::as_str);
            let page = patiently(|| place.asked(&format!("/api/v1/workflows/{id}/runs?limit=200")))?;
            for run in page["items"].as_array().into_iter().flatten() {
                let run = run["id"].as_str().unwrap_or_default();
                let detail = patiently(|| place.asked(&format!("/api/v1/runs/{run}")))?;
                let n = detail["parameters"]["n"].as_i64().unwrap_or_default();
                if n + LATE_RUNS * work::APART < least {
                    break;
                }
                known.insert((kind, n), run.to_owned());
            }
        }
        for run in unheard {
            run.id = known.remove(&(run.kind, run.n));
            self.unheard += usize::from(run.id.is_some());
        }
        Ok(())
    }

    fn look_at(&mut self, place: &Place, run: &Asked, id: &str, start: Instant) -> Result<()> {
        for _ in 0..=RESUMES {
            let detail = ended(place, id, start)?;
            match detail["summary"]["status"].as_str() {
                Some("succeeded") => {
                    self.records += detail["summary"]["written"].as_u64().unwrap_or_default();
                    if run.kind == Kind::Publication {
                        self.published.insert(run.n);
                    }
                    let wrong = run.kind.wrong(run.n, &place.files(run.kind), &place.sink);
                    return wrong.map_or(Ok(()), |wrong| bail!("{wrong}"));
                }
                Some("failed") => {
                    let reason = reason_of(&detail);
                    *self.failed.entry(reason).or_default() += 1;
                    let path = format!("/api/v1/runs/{id}/resume");
                    patiently(|| {
                        let answer = place.client(0)?.post(&path, &json!({}))?;
                        if answer.status >= 500 { bail!("{}", answer.status) } else { Ok(()) }
                    })?;
                }
                other => bail!("it ended as {other:?}"),
            }
        }
        bail!("it failed again and again")
    }

    /// What is wrong if what is published is not all of one run that succeeded.
    fn publication(&self, place: &Place) -> Option<String> {
        if self.published.is_empty() {
            return None;
        }
        let read = patiently(|| {
            let answer = place.client(0)?.get("/data/faults.json?limit=1000")?;
            if answer.status == 200 { Ok(answer.body) } else { bail!("{}", answer.status) }
        });
        match read {
            Ok(body) => work::published(&body, &self.published).err(),
            Err(error) => Some(format!("{error:#}")),
        }
    }

    /// Every dead letter belongs to a run that failed and was resumed, or was given up for a reason that is known.
    fn letters(&mut self, place: &Place) -> Result<()> {
        let letters = patiently(|| place.asked("/api/v1/dead-letters"))?;
        for letter in letters.as_array().into_iter().flatten() {
            let (id, reason) =
                (letter["id"].as_str().unwrap_or_default(), letter["reason"].as_str().unwrap_or_default());
            if reason.is_empty() || letter["run"].as_str().unwrap_or_default().is_empty() {
                self.wrong.push(format!("a dead letter that nothing explains: {letter}"));
            }
            self.letters += 1;
            let path = format!("/api/v1/dead-letters/{}", id.replace('/', "%2F"));
            patiently(|| {
                let answer = place.client(0)?.post(&path, &json!({ "again": false }))?;
                if answer.status >= 500 { bail!("{}", answer.status) } else { Ok(()) }
            })?;
        }
        Ok(())
    }
}

/// The run, when it has ended.
fn ended(place: &Place, id: &str, start: Instant) -> Result<Value> {
    loop {
        let detail = patiently(|| place.asked(&format!("/api/v1/runs/{id}")))?;
        let status = detail["summary"]["status"].as_str().unwrap_or_default();
        if !matches!(status, "waiting" | "running") {
            return Ok(detail);
        }
        if start.elapsed() > MOST {
            bail!("it is still {status} {} s after all faults were mended", MOST.as_secs());
        }
        pause(Duration::from_millis(30));
    }
}

/// Why a run failed: the first error of its steps.
fn reason_of(detail: &Value) -> String {
    let of_steps = detail["steps"].as_array().into_iter().flatten().map(|step| &step["error"]["text"]);
    let mut all = of_steps.chain([&detail["error"]["text"]]);
    all.find_map(Value::as_str).unwrap_or("no reason").to_owned()
}

/// Tries until it works: nodes may just be on their way up.
fn patiently<T>(mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    loop {
        match attempt() {
            Ok(made) => return Ok(made),
            Err(error) if start.elapsed() > Duration::from_secs(60) => return Err(error),
            Err(_) => pause(Duration::from_millis(50)),
        }
    }
}
