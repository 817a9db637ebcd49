//! The last look at a workflow: nothing secret is left in it, and its check finds no error but in steps that
//! are switched off.

use super::{report::Import, secrets::Secrets, template::MARKS};
use crate::Connectors;
use bus_core::{
    Message,
    api::Translation,
    check::{Problem, check},
    msg,
    workflow::{Loaded, Parameter, ParameterType},
};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// How often errors are looked for: switching one step off may leave another without records.
const MOST_LOOKS: usize = 64;

pub(super) fn finish(mut import: Import, parameters: &BTreeSet<String>, secrets: Secrets) -> Import {
    for step in &mut import.workflow.steps {
        tidy(&mut step.settings);
        secrets.scrub_fields(&mut step.settings);
        for text in [&mut step.name, &mut step.note] {
            secrets.scrub(text);
        }
    }
    for name in parameters {
        let parameter = Parameter {
            kind: ParameterType::Text,
            default: Some(String::new().into()),
            choices: Vec::new(),
            description: String::new(),
        };
        import.workflow.parameters.insert(name.clone(), parameter);
    }
    secrets.scrub(&mut import.workflow.name);
    for component in &mut import.components {
        secrets.scrub(&mut component.name);
        for remark in &mut component.remarks {
            scrub_message(remark, &secrets);
        }
    }
    for finding in &mut import.findings {
        scrub_message(&mut finding.problem, &secrets);
    }
    for _ in 0..MOST_LOOKS {
        if !import.switch_off_errors() {
            break;
        }
    }
    import.secrets = secrets.found;
    import
}

/// A message without secrets in its details.
fn scrub_message(message: &mut Message, secrets: &Secrets) {
    let mut value = serde_json::to_value(&*message).unwrap_or_default();
    let before = value.clone();
    secrets.scrub_value(&mut value);
    if value != before
        && let Ok(scrubbed) = serde_json::from_value(value)
    {
        *message = scrubbed;
    }
}

/// Settings as they stand in a document: marks of parameters become `${name}`, and what looks like a parameter
/// stays text.
fn tidy(settings: &mut Map<String, Value>) {
    for value in settings.values_mut() {
        tidy_value(value);
    }
}

fn tidy_value(value: &mut Value) {
    match value {
        Value::String(text) if text.contains("${") || text.contains(MARKS) => {
            let [open, close] = MARKS;
            *text = text.replace("${", "$${").replace(open, "${").replace(close, "}");
        }
        Value::Array(items) => items.iter_mut().for_each(tidy_value),
        Value::Object(fields) => {
            // how a secret was sent is said by what takes it
            if fields.shift_remove("hidden_").is_some() {
                fields.retain(|name, _| name == "secret" || name == "user");
            }
            tidy(fields);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The list without the items of these numbers.
fn leave_out<T>(list: &mut Vec<T>, numbers: &BTreeSet<usize>) {
    let mut number = 0..;
    list.retain(|_| number.next().is_none_or(|number| !numbers.contains(&number)));
}

impl Import {
    /// Switches off the steps in which the check finds errors, and takes links and triggers away that it refuses;
    /// `false` if there are none.
    fn switch_off_errors(&mut self) -> bool {
        let loaded = Loaded::from(self.workflow.clone());
        let errors = check(&loaded, &Connectors).into_iter().filter(Problem::is_error);
        let (mut changed, mut links, mut triggers) = (false, BTreeSet::new(), BTreeSet::new());
        for error in errors {
            match &error.step {
                Some(id) => changed |= self.switch_off(&id.clone(), &error),
                None => {
                    let number = |list: &str| {
                        error
                            .field
                            .strip_prefix(list)?
                            .strip_prefix('[')?
                            .split(']')
                            .next()?
                            .parse::<usize>()
                            .ok()
                    };
                    links.extend(number("links"));
                    triggers.extend(number("triggers"));
                    self.findings.push(error.clone().as_warning());
                }
            }
        }
        leave_out(&mut self.workflow.links, &links);
        leave_out(&mut self.workflow.triggers, &triggers);
        changed || !links.is_empty() || !triggers.is_empty()
    }

    fn switch_off(&mut self, id: &str, error: &Problem) -> bool {
        let Some(step) = self.workflow.steps.iter_mut().find(|step| step.id == id && !step.disabled) else {
            return false;
        };
        step.disabled = true;
        let in_settings = error.field.starts_with("settings") || error.field == "connector";
        let component =
            self.components.iter_mut().find(|component| component.steps.iter().any(|step| step == id));
        if let Some(component) = component {
            let worse = if in_settings { Translation::Unsupported } else { Translation::Approximated };
            component.translation = component.translation.max(worse);
            let why = if error.field.is_empty() {
                error.problem.clone()
            } else {
                msg!("{field}: {problem}", field = error.field.as_str(), problem = error.problem.clone())
            };
            let remark = msg!("the step `{step}` is switched off: {problem}", step = id, problem = why);
            if !component.remarks.contains(&remark) {
                component.remarks.push(remark);
            }
        }
        true
    }
}
