use super::{Action, Catalogue, Editing, WholeEdit};
use crate::{
    bus::{use_bus, use_load},
    components::{Choice, Icon, Input, Prose},
    moment::when,
    texts::Texts,
};
use bus_core::{
    api::{Finding, ScheduleTimes, Severity, Time},
    workflow::{Missed, Parameter, ParameterType, Parameters, Schedule, Trigger},
};
use gloo_net::http::Method;
use std::{collections::BTreeSet, rc::Rc};
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

/// What is shown while no step is chosen.
#[derive(Properties, PartialEq)]
pub(crate) struct WholePanelProps {
    /// The document.
    pub(crate) editing: Rc<Editing>,
    /// The connectors.
    pub(crate) catalogue: Catalogue,
    /// Whether it only shows.
    pub(crate) readonly: bool,
    /// Takes what is done.
    pub(crate) dispatch: Callback<Action>,
    /// What stands below.
    #[prop_or_default]
    pub(crate) children: Html,
}

/// The workflow as a whole: what it does, what it is given, what starts it, what is wrong with it.
#[component]
pub(crate) fn WholePanel(props: &WholePanelProps) -> Html {
    let texts = use_bus().texts;
    let document = &props.editing.document;
    let describe = props.dispatch.reform(|event: InputEvent| {
        Action::Whole(WholeEdit::Description(event.target_unchecked_into::<HtmlTextAreaElement>().value()))
    });
    html! {
        <section class="inspector" aria-label={texts.workflow()}>
            <h2 id="inspector-title" tabindex="-1">{ texts.workflow() }</h2>
            <p class="help">{ texts.nothing_chosen() }</p>
            { problems(props, texts) }
            <div class="field">
                <label for="description">{ texts.description() }</label>
                <textarea id="description" rows="4" value={document.description.clone()} oninput={describe} readonly={props.readonly} />
            </div>
            <ParametersForm parameters={document.parameters.clone()} readonly={props.readonly} dispatch={props.dispatch.clone()} />
            <TriggersForm triggers={document.triggers.clone()} readonly={props.readonly} dispatch={props.dispatch.clone()} />
            { props.children.clone() }
        </section>
    }
}

/// Everything the check found; each leads to its step.
fn problems(props: &WholePanelProps, texts: Texts) -> Html {
    let findings = &props.editing.findings;
    if findings.is_empty() {
        return html! { <p class="good-text" role="status"><Icon name="circle-check" />{ texts.no_problems() }</p> };
    }
    let row = |finding: &Finding| {
        let (class, icon, word) = match finding.severity {
            Severity::Error => ("bad-text", "circle-alert", texts.error()),
            Severity::Warning => ("warn-text", "triangle-alert", texts.warning()),
        };
        let step = finding.step.as_ref().map(|id| {
            let choose = props.dispatch.reform({
                let id = id.clone();
                move |_: MouseEvent| Action::Choose(BTreeSet::from([id.clone()]))
            });
            let name = props.catalogue.name_of(&props.editing.document, id).to_owned();
            html! { <button type="button" class="as-link" onclick={choose}>{ name }</button> }
        });
        html! {
            <li><span {class} title={word}><Icon name={icon} /><span class="unseen">{ word }</span></span>
                <span>{ step }{ " " }<span class="quiet-text">{ &finding.path }</span>{ " " }<Prose text={finding.message.clone()} />
                    if !finding.advice.is_empty() { { " – " }<Prose text={finding.advice.clone()} /> }
                </span>
            </li>
        }
    };
    html! {
        <section class="problems" aria-labelledby="problems">
            <h3 id="problems">{ texts.problems(findings.len()) }</h3>
            <ul>{ for findings.iter().map(row) }</ul>
        </section>
    }
}

/// Changes one parameter by what was typed.
type EditEntry = Rc<dyn Fn(&mut (String, Parameter), String)>;

#[derive(Properties, PartialEq)]
struct ParametersFormProps {
    parameters: Parameters,
    readonly: bool,
    dispatch: Callback<Action>,
}

/// What can be given to a run.
#[component]
fn ParametersForm(props: &ParametersFormProps) -> Html {
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
                <Choice id={format!("parameter-{place}-type")} label={texts.parameter_type()} value={key(parameter.kind)}
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

#[derive(Properties, PartialEq)]
struct TriggersFormProps {
    triggers: Vec<Trigger>,
    readonly: bool,
    dispatch: Callback<Action>,
}

/// The schedules of a workflow, with the times they fire next.
#[component]
fn TriggersForm(props: &TriggersFormProps) -> Html {
    let texts = use_bus().texts;
    let change = props.dispatch.reform(|triggers| Action::Whole(WholeEdit::Triggers(triggers)));
    let rows = props.triggers.iter().enumerate().filter_map(|(place, trigger)| {
        let Trigger::Schedule(schedule) = trigger else { return None };
        let replace = change.reform({
            let triggers = props.triggers.clone();
            move |schedule: Option<Schedule>| {
                let mut triggers = triggers.clone();
                match schedule {
                    Some(schedule) => triggers.splice(place..=place, [Trigger::Schedule(schedule)]).for_each(drop),
                    None => drop(triggers.remove(place)),
                }
                triggers
            }
        });
        Some(html! { <ScheduleForm key={place} {place} schedule={schedule.clone()} readonly={props.readonly} change={replace} /> })
    });
    let add = change.reform({
        let triggers = props.triggers.clone();
        move |_: MouseEvent| {
            let mut triggers = triggers.clone();
            let schedule = Schedule {
                cron: "0 6 * * *".to_owned(),
                zone: crate::browser::zone(),
                missed: Missed::default(),
            };
            triggers.push(Trigger::Schedule(schedule));
            triggers
        }
    });
    html! {
        <section aria-labelledby="triggers">
            <h3 id="triggers">{ texts.triggers() }</h3>
            <p class="help">{ texts.triggers_help() }</p>
            { for rows }
            if !props.readonly { <button type="button" class="small" onclick={add}><Icon name="calendar-clock" />{ texts.add_schedule() }</button> }
        </section>
    }
}

#[derive(Properties, PartialEq)]
struct ScheduleFormProps {
    place: usize,
    schedule: Schedule,
    readonly: bool,
    change: Callback<Option<Schedule>>,
}

/// One schedule.
#[component]
fn ScheduleForm(props: &ScheduleFormProps) -> Html {
    let texts = use_bus().texts;
    let (place, schedule) = (props.place, &props.schedule);
    let next = use_load(schedule.clone(), |api, schedule| async move {
        api.send::<ScheduleTimes>(Method::POST, "/schedules/next", &schedule).await
    });
    let with = |edit: fn(&mut Schedule, String)| {
        let schedule = schedule.clone();
        props.change.reform(move |typed: String| {
            let mut schedule = schedule.clone();
            edit(&mut schedule, typed);
            Some(schedule)
        })
    };
    let missed = [("skip", texts.missed_skip()), ("once", texts.missed_once()), ("all", texts.missed_all())];
    let now = match schedule.missed {
        Missed::Skip => "skip",
        Missed::Once => "once",
        Missed::All => "all",
    };
    html! {
        <fieldset class="group">
            <legend>{ texts.schedule() }</legend>
            <Input id={format!("cron-{place}")} label={texts.schedule_times()} help={texts.schedule_times_help()} value={schedule.cron.clone()}
                change={with(|schedule, typed| schedule.cron = typed)} readonly={props.readonly} />
            <Input id={format!("zone-{place}")} label={texts.zone()} value={schedule.zone.clone()}
                change={with(|schedule, typed| schedule.zone = typed)} readonly={props.readonly} />
            <Choice id={format!("missed-{place}")} label={texts.missed()} value={now}
                options={missed.map(|(value, label)| (value.into(), label.into())).to_vec()}
                change={with(|schedule, typed| schedule.missed = match typed.as_str() {
                    "skip" => Missed::Skip,
                    "all" => Missed::All,
                    _ => Missed::Once,
                })} />
            { next_times(&next.state, texts) }
            if !props.readonly {
                <button type="button" class="small" onclick={props.change.reform(|_: MouseEvent| None)}><Icon name="x" />{ texts.remove_schedule() }</button>
            }
        </fieldset>
    }
}

fn next_times(next: &crate::bus::Load<ScheduleTimes>, texts: Texts) -> Html {
    match next {
        crate::bus::Load::Waiting => Html::default(),
        crate::bus::Load::Refused(refusal) => {
            html! { <p class="bad-text"><Icon name="circle-alert" />{ &refusal.text }</p> }
        }
        crate::bus::Load::Here(times) => {
            let shown = |(place, time): (usize, &Time)| {
                times.shown.get(place).cloned().unwrap_or_else(|| when(*time, texts))
            };
            html! {
                <div class="help" role="status">
                    <p>{ texts.next_times() }</p>
                    <ul>{ for times.next.iter().enumerate().map(shown).map(|time| html! { <li>{ time }</li> }) }</ul>
                </div>
            }
        }
    }
}
