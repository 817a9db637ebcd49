use crate::editor::{Catalogue, Give, Given, OwnFile, open_to_files};
use crate::{
    bus::use_bus,
    components::{Choice, Dialog, Icon, Input},
};
use bus_core::workflow::{Parameter, ParameterType, Parameters, Workflow};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, rc::Rc};
use yew::prelude::*;

/// What a run can be given.
#[derive(Properties, PartialEq)]
pub(crate) struct StartDialogProps {
    /// The workflow.
    pub(crate) document: Rc<Workflow>,
    /// The connectors.
    pub(crate) catalogue: Catalogue,
    /// Files that stand for what its sources read.
    pub(crate) given: Rc<Given>,
    /// Gives others.
    pub(crate) give: Give,
    /// Starts the run with these values.
    pub(crate) start: Callback<Map<String, Value>>,
    /// Closes the dialog.
    pub(crate) close: Callback<()>,
}

/// The values and the files for a run.
#[component]
pub(crate) fn StartDialog(props: &StartDialogProps) -> Html {
    let texts = use_bus().texts;
    let typed = use_state(BTreeMap::<String, String>::new);
    let submit = props.start.reform({
        let (typed, parameters) = (typed.clone(), props.document.parameters.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            values(&parameters, &typed)
        }
    });
    let given = props.given.inputs(&props.document);
    // a parameter that only a step uses whose place a file takes need not be given
    let needed = props.document.needed(|step| given.contains_key(step));
    let fields = props.document.parameters.iter().map(|(name, parameter)| {
        let required = parameter.default.is_none() && needed.contains(name);
        let id = format!("run-{name}");
        let value = typed.get(name).cloned().unwrap_or_else(|| shown(parameter.default.as_ref()));
        let change = Callback::from({
            let (typed, name) = (typed.clone(), name.to_owned());
            move |text: String| {
                let mut all = (*typed).clone();
                all.insert(name.clone(), text);
                typed.set(all);
            }
        });
        field((id, name, required), parameter, value, change, [texts.yes(), texts.no()])
    });
    let files: Vec<Html> = open_to_files(&props.document, &props.catalogue)
        .map(|step| {
            html! {
                <OwnFile key={step.id.clone()} step={step.id.clone()} name={props.catalogue.name(step).to_owned()}
                    given={Rc::clone(&props.given)} give={props.give.clone()} />
            }
        })
        .collect();
    html! {
        <Dialog id="start" title={texts.run_with()} close={props.close.clone()}>
            <form onsubmit={submit}>
                if !props.document.parameters.is_empty() {
                    <h3>{ texts.parameters() }</h3>
                    { for fields }
                }
                if !files.is_empty() { <h3>{ texts.files() }</h3>{ for files } }
                <footer><button type="submit" class="primary"><Icon name="play" />{ texts.run() }</button></footer>
            </form>
        </Dialog>
    }
}

fn field(
    (id, name, required): (String, &str, bool),
    parameter: &Parameter,
    value: String,
    change: Callback<String>,
    yes_no: [&'static str; 2],
) -> Html {
    let choices: Vec<(AttrValue, AttrValue)> = match parameter.kind {
        ParameterType::Boolean => ["true", "false"]
            .into_iter()
            .zip(yes_no)
            .map(|(value, label)| (value.into(), label.into()))
            .collect(),
        _ => parameter
            .choices
            .iter()
            .map(|value| (shown(Some(value)).into(), shown(Some(value)).into()))
            .collect(),
    };
    let label = name.to_owned();
    if !choices.is_empty() {
        return html! { <Choice {id} {label} {value} options={choices} {change} /> };
    }
    let kind = if parameter.kind == ParameterType::Date { "date" } else { "text" };
    html! {
        <Input {id} {label} {value} {change} {kind} help={parameter.description.clone()} {required} />
    }
}

/// What was typed, as values; defaults are left to the server.
fn values(parameters: &Parameters, typed: &BTreeMap<String, String>) -> Map<String, Value> {
    let read = |(name, text): (&String, &String)| {
        let parameter = parameters.get(name).filter(|it| !text.is_empty() || it.default.is_some())?;
        // what cannot be read goes as it is: the server says what is wrong with it
        Some((name.clone(), parameter.kind.read(text).unwrap_or_else(|| Value::from(text.as_str()))))
    };
    typed.iter().filter_map(read).collect()
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(String::new, |value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_typed_is_of_the_type_of_the_parameter() {
        let parameters: Parameters = serde_json::from_value(
            json!({ "n": { "type": "integer" }, "t": {}, "b": { "type": "boolean" } }),
        )
        .expect("parameters");
        let typed = [("n", "12"), ("t", "12"), ("b", "false")];
        let typed = typed.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        assert_eq!(json!(values(&parameters, &typed)), json!({ "n": 12, "t": "12", "b": false }));
    }

    #[test]
    fn what_cannot_be_read_is_left_to_the_server() {
        let parameters: Parameters =
            serde_json::from_value(json!({ "n": { "type": "integer" } })).expect("parameters");
        let typed = BTreeMap::from([("n".to_owned(), "many".to_owned())]);
        assert_eq!(values(&parameters, &typed)["n"], "many");
    }
}
