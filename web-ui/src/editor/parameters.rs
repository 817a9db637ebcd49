use super::{Action, WholeEdit};
use crate::{
    bus::use_bus,
    components::{Choice, Icon, Input},
    texts::Texts,
};
use bus_core::workflow::{Parameter, ParameterType, Parameters};
use std::rc::Rc;
use yew::prelude::*;

/// Changes one parameter by what was typed.
type EditEntry = Rc<dyn Fn(&mut (String, Parameter), String)>;

/// Which parameters.
#[derive(Properties, PartialEq)]
pub(crate) struct ParametersFormProps {
    /// They.
    pub(crate) parameters: Parameters,
    /// Whether they are only shown.
    pub(crate) readonly: bool,
    /// Takes what is done.
    pub(crate) dispatch: Callback<Action>,
}

/// What can be given to a run.
#[component]
pub(crate) fn ParametersForm(props: &ParametersFormProps) -> Html {
    let texts = use_bus().texts;
    let all: Vec<(String, Parameter)> =
        props.parameters.iter().map(|(name, parameter)| (name.to_owned(), parameter.clone())).collect();
    let change = props.dispatch.reform(|all: Vec<(String, Parameter)>| {
        let mut parameters = Parameters::default();
        for (name, parameter) in all {
            parameters.insert(name, parameter);
        }
        Action::Whole(WholeEdit::Parameters(parameters))
    });
    let rows = all.iter().enumerate().map(|(place, (name, parameter))| {
        let with = |edit: EditEntry| {
            let all = all.clone();
            change.reform(move |typed: String| {
                let mut all = all.clone();
                if let Some(entry) = all.get_mut(place) {
                    edit(entry, typed);
                }
                all
            })
        };
        let rename = with(Rc::new(|entry, typed| entry.0 = typed));
        let kind = with(Rc::new(|entry, typed| {
            if let Some((kind, _)) = kinds(Texts::default()).into_iter().find(|(kind, _)| key(*kind) == typed) {
                entry.1.kind = kind;
                entry.1.default = None;
            }
        }));
        let default = with(Rc::new(|entry, typed| entry.1.default = if typed.is_empty() { None } else { entry.1.kind.read(&typed) }));
        let remove = change.reform({
            let all = all.clone();
            move |_: MouseEvent| {
                let mut all = all.clone();
                all.remove(place);
                all
            }
        });
        let usual = parameter.default.as_ref().map_or_else(String::new, |value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        html! {
            <li key={place} class="item">
                <Input id={format!("parameter-{place}")} label={texts.parameter_name()} value={name.clone()} change={rename} readonly={props.readonly} />
                <Choice id={format!("parameter-{place}-type")} label={texts.parameter_type()} value={key(parameter.kind)} readonly={props.readonly}
                    options={kinds(texts).map(|(kind, label)| (key(kind).into(), label.into())).to_vec()} change={kind} />
                <Input id={format!("parameter-{place}-default")} label={texts.parameter_default()} value={usual} change={default} readonly={props.readonly} />
                if !props.readonly {
                    <span class="tools"><button type="button" class="quiet" aria-label={texts.remove_item(name)} onclick={remove}><Icon name="x" /></button></span>
                }
            </li>
        }
    });
    let add = change.reform({
        let all = all.clone();
        move |_: MouseEvent| {
            let mut all = all.clone();
            let name = (1..)
                .map(|number| format!("parameter_{number}"))
                .find(|name| all.iter().all(|(it, _)| it != name));
            let parameter = Parameter {
                kind: ParameterType::Text,
                default: Some("".into()),
                choices: Vec::new(),
                description: String::new(),
            };
            all.push((name.unwrap_or_default(), parameter));
            all
        }
    });
    html! {
        <section aria-labelledby="parameters">
            <h3 id="parameters">{ texts.parameters() }</h3>
            <p class="help">{ texts.parameters_edit_help() }</p>
            <ol class="entries">{ for rows }</ol>
            if !props.readonly { <button type="button" class="small" onclick={add}><Icon name="plus" />{ texts.add_parameter() }</button> }
        </section>
    }
}

/// The word of a type in the document.
fn key(kind: ParameterType) -> String {
    serde_json::to_value(kind).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn kinds(texts: Texts) -> [(ParameterType, &'static str); 7] {
    [
        (ParameterType::Text, texts.type_text()),
        (ParameterType::Integer, texts.type_integer()),
        (ParameterType::Number, texts.type_number()),
        (ParameterType::Boolean, texts.type_boolean()),
        (ParameterType::Date, texts.type_date()),
        (ParameterType::Time, texts.type_time()),
        (ParameterType::List, texts.type_list()),
    ]
}
