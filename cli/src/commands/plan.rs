use crate::{
    arguments::PlanArguments,
    document::Document,
    exit::{Exit, Failure},
    library,
    terminal::Terminal,
};
use bus_core::{
    Language,
    plan::{Choice, Rules, choose, outline, plan},
    workflow::Workflow,
};
use connectors::{
    Connectors, connector,
    contract::{Context, ContextParts},
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::Arc};
use workers::{SystemClock, extents};

/// Shows the stages of a workflow, and whether a server would do it in parts.
pub(crate) fn run(asked: &PlanArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let document = Document::read(&asked.workflow)?;
    let Some(workflow) = document.sound(false, terminal) else { return Ok(Exit::Refused) };
    // a parameter without a value leaves open what depends on it
    let parameters = workflow.bind(&Map::new(), |_| false).unwrap_or_default();
    let runtime = workers::runtime(Some(1)).map_err(|error| Failure::file("-", &error))?;
    let choice = runtime.block_on(choice(workflow, &parameters, &asked.workflow));
    let language = terminal.language();
    if asked.json {
        terminal.data(&format!("{:#}\n", as_json(workflow, &choice, language)))
    } else {
        terminal.data(&outline(workflow, (&Connectors, &parameters), &choice, language))
    }
}

async fn choice(workflow: &Workflow, parameters: &Map<String, Value>, file: &str) -> Choice {
    let folder = library::folder(file);
    let extents = extents(workflow, connector, parameters, |step| {
        Context::new(ContextParts {
            folder: folder.clone(),
            parameters: Arc::new(parameters.clone()),
            ..ContextParts::new(&step.id, Arc::new(SystemClock))
        })
    });
    let extents = extents.await;
    choose(workflow, (&Connectors, parameters), &extents, Rules::default())
}

fn as_json(workflow: &Workflow, choice: &Choice, language: Language) -> Value {
    let why: BTreeMap<&str, String> =
        choice.why.iter().map(|(step, why)| (step.as_str(), why.text(language))).collect();
    json!({ "stages": plan(workflow, &Connectors).stages, "parts": choice.parts, "why": why })
}
