use super::convert::format;
use crate::{
    arguments::InferArguments,
    changes::{self, STANDARD},
    exit::{Exit, Failure},
    terminal::Terminal,
};
use bus_core::{
    catalogue::{Catalogue as _, ERRORS, OUT},
    error::StepError,
    msg,
    record::Batch,
    schema::{Inference, InferredSchema},
};
use connectors::{
    Connectors,
    contract::{Context, ContextParts, Inputs, Limits, Outputs, Step},
};
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio::{
    sync::mpsc::{self, Receiver},
    task::JoinSet,
};
use workers::SystemClock;

/// Says what the data of a file looks like.
pub(crate) fn run(asked: &InferArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let limits = asked.outside.limits()?;
    let (connector, settings) = changes::source(&asked.file)?;
    let mut settings: Map<_, _> =
        settings.into_iter().map(|(name, value)| (name, unescaped(&value))).collect();
    if let Some(text) = &asked.from {
        settings.insert("format".into(), format(text)?);
    }
    let settings = Value::Object(settings);
    let step = connectors::connector(connector).and_then(|source| source.start(&settings).ok());
    let Some(step) = step else { return Err(wrong(connector, &settings)) };
    let failed = |error: std::io::Error| Failure::file(&asked.file, &error);
    let runtime = workers::runtime(Some(2)).map_err(failed)?;
    let looked = runtime.block_on(look(step, (asked, limits), terminal));
    runtime.shutdown_background();
    let looked = looked.map_err(|message| Failure { exit: Exit::Failed, message })?;
    if looked.refused > 0 {
        let first = looked.first_refused.unwrap_or_default();
        terminal.say(&msg!(
            "{count} records cannot be read and are left out; the first: {reason}",
            count = looked.refused,
            reason = first
        ));
    }
    if asked.json {
        terminal.data(&format!("{}\n", serde_json::to_string_pretty(&looked.schema).unwrap_or_default()))
    } else {
        terminal.data(&looked.schema.text(terminal.language()))
    }
}

/// What was found.
struct Looked {
    schema: InferredSchema,
    refused: u64,
    first_refused: Option<String>,
}

/// Reads records with the file source itself, as many as are wanted.
async fn look(
    step: Step,
    (asked, limits): (&InferArguments, Limits),
    terminal: &Terminal,
) -> Result<Looked, bus_core::Message> {
    let most = asked.records;
    let context = Context::new(ContextParts {
        language: terminal.language(),
        standard_streams: true,
        http: asked.outside.http(),
        limits,
        ..ContextParts::new("in", Arc::new(SystemClock))
    });
    let (sender, records) = mpsc::channel(4);
    let (errors, refused) = mpsc::channel(4);
    let wiring = vec![(OUT, vec![sender]), (ERRORS, vec![errors])];
    let outputs = Outputs::new(wiring, context.clone());
    let mut source = JoinSet::new();
    source.spawn(async move { step.run(Inputs::default(), outputs, context).await });
    let (schema, (refused, first_refused)) = tokio::join!(infer(records, most), count(refused));
    let enough = schema.records >= most;
    match source.join_next().await {
        Some(Ok(Err(error))) if !enough || schema.records == 0 => Err(text(&error)),
        Some(Err(error)) => Err(msg!("{problem}", problem = error.to_string())),
        _ => Ok(Looked { schema, refused, first_refused }),
    }
}

async fn infer(mut records: Receiver<Batch>, most: u64) -> InferredSchema {
    let mut inference = Inference::new();
    let mut left = usize::try_from(most).unwrap_or(usize::MAX);
    while let Some(batch) = records.recv().await {
        batch.records().take(left).for_each(|record| inference.add(record));
        left = left.saturating_sub(batch.len());
        if left == 0 {
            // the source sees that nobody wants more
            break;
        }
    }
    inference.finish()
}

/// Counts refused records, and keeps the reason of the first.
async fn count(mut refused: Receiver<Batch>) -> (u64, Option<String>) {
    let (mut count, mut first) = (0, None);
    while let Some(batch) = refused.recv().await {
        count += batch.len() as u64;
        first = first.or_else(|| {
            let record = batch.records().next()?.to_json();
            let line = record.get("line").and_then(Value::as_u64).map(|line| format!("{line}: "));
            let reason = record.get("reason").and_then(Value::as_str)?;
            Some(format!("{}{reason}", line.unwrap_or_default()))
        });
    }
    (count, first)
}

fn text(error: &StepError) -> bus_core::Message {
    let place = error.place.iter().cloned().rev();
    place.fold(error.message.clone(), |message, place| {
        msg!("{place}: {problem}", place = place, problem = message)
    })
}

/// What is wrong with the settings: the format or the address, since nothing else was asked.
fn wrong(connector: &str, settings: &Value) -> Failure {
    let problems = Connectors.check_settings(connector, settings);
    let first = problems.into_iter().next().map(|problem| match problem.advice {
        Some(advice) => msg!(
            "{field}: {problem}; {advice}",
            field = problem.path,
            problem = problem.message,
            advice = advice
        ),
        None => msg!("{field}: {problem}", field = problem.path, problem = problem.message),
    });
    Failure::usage(first.unwrap_or_else(|| msg!("the format cannot be used")))
}

/// The settings of a step that is started directly hold no parameters.
fn unescaped(path: &Value) -> Value {
    match path.as_str() {
        Some(path) if path != STANDARD => path.replace("$${", "${").into(),
        _ => path.clone(),
    }
}
