//! How fast expressions and templates are, beside the runtime of the `cel` crate.
//!
//! `cargo run --release -p bus-core --example expression_speed`
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement for the person who runs it")]

use bus_core::{
    expression::{Expression, Scope, Template},
    record::{Batch, BatchBuilder, Timestamp},
};
use std::time::{Duration, Instant};

const ROWS: usize = 1_000;
const TIMES: usize = 1_000;

fn main() {
    let mut builder = BatchBuilder::new();
    for row in 0..ROWS {
        let power = i64::try_from(row).unwrap() % 100;
        builder
            .json(&serde_json::json!({
                "id": format!("FR*S{row:05}"), "name": "Borne de la mairie", "city": if row % 2 == 0 { "Orléans" } else { "Lyon" },
                "power": power, "price": 0.25, "open": true,
            }))
            .unwrap();
    }
    let batch = builder.take();
    let filter = "power > 22 && city.startsWith('Or')";
    let compute = "power * 1000 + 1";
    println!("per evaluation, {} evaluations, CPU time of one thread", ROWS * TIMES);
    ours("filter ", filter, &batch);
    theirs("filter ", filter, &batch);
    ours("compute", compute, &batch);
    theirs("compute", compute, &batch);
    ours("text   ", "upper(city) + ' ' + id", &batch);
    templates(&batch);
}

/// CPU time of this thread where the system tells it, otherwise the time on the wall.
#[derive(Clone, Copy)]
struct Clock(Instant, Option<u64>);

impl Clock {
    fn start() -> Self {
        Self(Instant::now(), cpu_nanos())
    }

    fn elapsed(self) -> Duration {
        let cpu = cpu_nanos().zip(self.1).map(|(now, then)| Duration::from_nanos(now - then));
        cpu.unwrap_or_else(|| self.0.elapsed())
    }
}

fn cpu_nanos() -> Option<u64> {
    std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

fn scope<'a>(
    batch: &'a Batch,
    row: usize,
    parameters: &'a serde_json::Map<String, serde_json::Value>,
) -> Scope<'a> {
    let now = Timestamp::local(0, bus_core::record::Precision::Second);
    Scope { record: batch.record(row), parameters, now }
}

fn report(what: &str, began: Clock, times: usize) {
    #[expect(clippy::cast_precision_loss, reason = "a measurement")]
    let nanos = began.elapsed().as_nanos() as f64 / (ROWS * times) as f64;
    println!("{what}: {nanos:.0} ns");
}

fn ours(what: &str, source: &str, batch: &Batch) {
    let expression: Expression = source.parse().unwrap();
    let mut evaluator = expression.evaluator(100_000);
    let parameters = serde_json::Map::new();
    let mut out = BatchBuilder::new();
    let began = Clock::start();
    for _ in 0..TIMES {
        for row in 0..ROWS {
            evaluator.write(&scope(batch, row, &parameters), &mut out).unwrap();
        }
        out.take();
    }
    report(&format!("{what} ours"), began, TIMES);
}

fn theirs(what: &str, source: &str, batch: &Batch) {
    let times = TIMES / 10;
    let program = cel::Program::compile(source).unwrap();
    let root = cel::Context::default();
    let began = Clock::start();
    for _ in 0..times {
        for row in 0..ROWS {
            let record = batch.object(row).unwrap();
            let mut context = root.new_inner_scope();
            for name in ["power", "city"] {
                match record.get(name).unwrap() {
                    bus_core::record::Value::Int(int) => context.add_variable_from_value(name, int),
                    value => {
                        context.add_variable_from_value(name, value.as_text().unwrap_or_default().to_owned());
                    }
                }
            }
            std::hint::black_box(program.execute(&context).unwrap());
        }
    }
    report(&format!("{what} the cel crate"), began, times);
}

fn templates(batch: &Batch) {
    let sources = ["{name} ({city})", "https://example.org/stations/{id}", "{id} {power + 1}"];
    let mut writers: Vec<_> =
        sources.iter().map(|source| source.parse::<Template>().unwrap().writer(100_000)).collect();
    let parameters = serde_json::Map::new();
    let mut text = String::new();
    let began = Clock::start();
    for _ in 0..TIMES {
        text.clear();
        for row in 0..ROWS {
            for writer in &mut writers {
                writer.text(&scope(batch, row, &parameters), &mut text).unwrap();
            }
        }
    }
    report("three templates", began, TIMES);
}
