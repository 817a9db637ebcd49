//! `cargo xtask faults`: what was accepted comes out, whatever dies meanwhile.
//!
//! Numbered records go through workflows on real processes, while a driver kills, freezes and cuts off whatever there
//! is, by a seed. A *schedule* is one round of that: some runs are started, one or more faults strike and are mended.
//! Now and then everything is let come to rest, and an oracle looks at all outputs.

mod clock;
mod fault;
mod oracle;
mod place;
mod proxy;
mod random;
mod report;
mod sink;
mod work;

use crate::{
    cluster::process::pause,
    tools::{cargo, run, target},
};
use anyhow::{Result, bail};
use fault::{Fault, Struck};
use oracle::{Asked, Found};
use place::Place;
use random::Random;
use serde_json::json;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant},
};
use work::{APART, Kind};

/// Over what the nodes meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Plane {
    /// One process and its folder
    Embedded,
    /// RabbitMQ and a store
    Cluster,
}

impl Plane {
    const fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Cluster => "cluster",
        }
    }
}

/// How many schedules, and of what.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Schedules
    #[arg(long, default_value_t = 300)]
    pub(crate) schedules: usize,
    /// Where chance begins
    #[arg(long, default_value_t = 20_261_125)]
    pub(crate) seed: u64,
    /// Over what the nodes meet
    #[arg(long, value_enum, default_value_t = Plane::Cluster)]
    pub(crate) backplane: Plane,
    /// Only faults whose name contains this
    #[arg(long)]
    pub(crate) only: Option<String>,
    /// Schedules between two looks at all outputs
    #[arg(long, default_value_t = 10)]
    pub(crate) rest: usize,
    /// The program, if it is not to be compiled
    #[arg(long)]
    pub(crate) program: Option<PathBuf>,
    /// Ends at the next look once so many seconds have passed, however many schedules that were
    #[arg(long)]
    pub(crate) most: Option<u64>,
    /// Writes the report into this file as well
    #[arg(long)]
    pub(crate) report: Option<PathBuf>,
}

impl Options {
    /// As many as there is time for beside the other tests, on the cluster backplane.
    pub(crate) fn of_a_test() -> Self {
        Self {
            schedules: 300,
            seed: 20_261_125,
            backplane: Plane::Cluster,
            only: None,
            rest: 10,
            program: None,
            most: Some(720),
            report: None,
        }
    }
}

/// What happened.
pub(crate) struct Story {
    plane: Plane,
    seed: u64,
    schedules: usize,
    struck: BTreeMap<Fault, usize>,
    found: Found,
    calls: (u64, u64),
    time: Duration,
    left_out: Vec<&'static str>,
    asked: usize,
}

/// Runs the schedules and fails if anything was lost, doubled or left hanging.
#[expect(clippy::print_stdout, reason = "the report is what was asked for")]
pub(crate) fn faults(options: &Options) -> Result<()> {
    let program = match &options.program {
        Some(program) => program.clone(),
        None => {
            let build = ["build", "--locked", "--workspace", "--bin", "semantic-bus"];
            run("compile the program", cargo().args(build))?;
            target().join("debug/semantic-bus")
        }
    };
    let mut place = Place::start(options.backplane, &program)?;
    let story = Driver::new(&mut place, options).drive()?;
    let report = story.report();
    println!("{report}");
    if let Some(file) = &options.report {
        std::fs::write(file, &report)?;
    }
    if !story.found.wrong.is_empty() {
        bail!("{} things are wrong; logs are in {}", story.found.wrong.len(), place.folder.display());
    }
    Ok(())
}

struct Driver<'a> {
    place: &'a mut Place,
    options: &'a Options,
    random: Random,
    choices: Vec<(Fault, usize)>,
    asked: Vec<Asked>,
    all_asked: usize,
    struck: BTreeMap<Fault, usize>,
    found: Found,
    next: i64,
}

impl<'a> Driver<'a> {
    fn new(place: &'a mut Place, options: &'a Options) -> Self {
        let wanted = |fault: &Fault| {
            options.only.as_ref().is_none_or(|part| fault.name().contains(part.as_str()))
                && (*fault != Fault::FullDisk || place.small_disk.is_some())
                && (*fault != Fault::ClockJump || place.clock.is_there())
        };
        let choices =
            Fault::of(options.backplane).iter().copied().filter(|(fault, _)| wanted(fault)).collect();
        Self {
            place,
            options,
            random: Random::new(options.seed),
            choices,
            asked: Vec::new(),
            all_asked: 0,
            struck: BTreeMap::new(),
            found: Found::default(),
            next: 1,
        }
    }

    #[expect(clippy::print_stderr, reason = "a chore says how far it is")]
    fn drive(mut self) -> Result<Story> {
        let (start, mut schedules) = (Instant::now(), 0);
        for schedule in 1..=self.options.schedules {
            schedules = schedule;
            self.schedule(schedule)?;
            if schedule % self.options.rest.max(1) == 0 || schedule == self.options.schedules {
                self.place.ready(Duration::from_secs(60))?;
                self.found.look(self.place, &mut self.asked)?;
                eprintln!(
                    "   {schedule} schedules, {} runs, {} records, {} wrong, {:.0} s",
                    self.found.accepted,
                    self.found.records,
                    self.found.wrong.len(),
                    start.elapsed().as_secs_f64()
                );
                if self.options.most.is_some_and(|most| start.elapsed().as_secs() >= most) {
                    break;
                }
            }
        }
        self.at_rest();
        let mut left_out = Vec::new();
        if self.place.small_disk.is_none() {
            left_out.push("full disk: this user may not mount one");
        }
        if !self.place.clock.is_there() {
            left_out.push("clock jumps: libfaketime is not there");
        }
        Ok(Story {
            plane: self.options.backplane,
            seed: self.options.seed,
            schedules,
            struck: self.struck,
            found: self.found,
            calls: self.place.sink.calls(),
            time: start.elapsed(),
            left_out,
            asked: self.all_asked,
        })
    }

    /// One round: runs begin, faults strike while they are under way, and are mended.
    fn schedule(&mut self, schedule: usize) -> Result<()> {
        // every schedule has its own chance, so that one can be looked at alone
        self.random = Random::new(self.options.seed.wrapping_add(schedule as u64).wrapping_mul(0x9E37_79B9));
        for _ in 0..=self.random.below(2) {
            self.ask(schedule);
        }
        pause(self.random.between(0, 350));
        let mut faults: Vec<Struck> = Vec::new();
        for _ in 0..if self.random.chance(30) { 2 } else { 1 } {
            let Some(fault) = self.random.weighted(&self.choices) else { bail!("there is no such fault") };
            if faults.iter().any(|struck| struck.fault == fault) {
                continue;
            }
            faults.push(fault.strike(self.place, &mut self.random)?);
            *self.struck.entry(fault).or_default() += 1;
        }
        if self.random.chance(50) {
            self.ask(schedule);
        }
        for struck in &faults {
            struck.last();
            struck.mend(self.place)?;
        }
        Ok(())
    }

    /// Asks for a run of some workflow, from some server.
    fn ask(&mut self, schedule: usize) {
        let choices = [(Kind::Chain, 4), (Kind::Diamond, 4), (Kind::Publication, 2), (Kind::Spill, 1)];
        let kind = self.random.weighted(&choices).unwrap_or(Kind::Chain);
        let n = self.next * APART;
        self.next += 1;
        self.all_asked += 1;
        let workflow = self.place.workflows.get(&kind).map_or("", String::as_str);
        let path = format!("/api/v1/workflows/{workflow}/runs");
        let client = self.place.client(self.random.below(8));
        let answer = client.and_then(|mut it| it.post(&path, &json!({ "parameters": { "n": n } }))?.json());
        let id = answer.ok().and_then(|run| Some(run["id"].as_str()?.to_owned()));
        self.asked.push(Asked { n, kind, id, schedule, looks: 0 });
    }

    /// Nothing is left over when all is quiet.
    fn at_rest(&mut self) {
        for node in self.place.gateways.iter().chain(&self.place.workers) {
            for metric in ["semantic_bus_slots_busy", "semantic_bus_queue_tasks"] {
                let value = (0..100).find_map(|_| {
                    let value = node.metric(metric).unwrap_or(f64::NAN);
                    if value == 0.0 {
                        return Some(value);
                    }
                    pause(Duration::from_millis(100));
                    None
                });
                if value.is_none() {
                    self.found
                        .wrong
                        .push(format!("{} of {} does not come to rest", metric, node.process.name));
                }
            }
        }
    }
}
