use super::{Action, Catalogue, WholeEdit, listening::LiveForm, schedule::ScheduleForm};
use crate::{
    api::part,
    browser,
    bus::use_bus,
    components::{Choice, Icon},
    texts::Texts,
};
use bus_core::{
    api::ROOT,
    catalogue::Kind,
    workflow::{
        HttpTrigger, LiveTrigger, Missed, Schedule, Trigger, UploadTrigger, Workflow, expand::WORKFLOW,
    },
};
use std::rc::Rc;
use yew::prelude::*;

/// What starts which workflow.
#[derive(Properties, PartialEq)]
pub(crate) struct TriggersFormProps {
    /// The document.
    pub(crate) document: Rc<Workflow>,
    /// The connectors.
    pub(crate) catalogue: Catalogue,
    /// The workflow's id on the server.
    pub(crate) workflow: AttrValue,
    /// Whether it only shows.
    pub(crate) readonly: bool,
    /// Takes what is done.
    pub(crate) dispatch: Callback<Action>,
}

/// What starts a workflow besides a person: schedules with the times they fire next, calls and uploads with their
/// addresses.
#[component]
pub(crate) fn TriggersForm(props: &TriggersFormProps) -> Html {
    let texts = use_bus().texts;
    let triggers = &props.document.triggers;
    let sources = sources(props);
    let rows =
        triggers.iter().enumerate().map(|(place, trigger)| row(props, place, trigger, &sources, texts));
    let add = |trigger: Option<Trigger>, icon: &'static str, label: &'static str, missing: &'static str| {
        let (disabled, triggers) = (trigger.is_none(), triggers.clone());
        let onclick = props.dispatch.reform(move |_: MouseEvent| {
            let triggers = triggers.iter().cloned().chain(trigger.clone());
            Action::Whole(WholeEdit::Triggers(triggers.collect()))
        });
        html! {
            <button type="button" class="small" {disabled} title={disabled.then_some(missing)} {onclick}><Icon name={icon} />{ label }</button>
        }
    };
    let schedule =
        Schedule { cron: "0 6 * * *".to_owned(), zone: browser::zone(), missed: Missed::default() };
    let upload = sources.first().map(|(id, _)| Trigger::Upload(UploadTrigger { input: id.to_string() }));
    let live = listens(props).then(|| Trigger::Live(LiveTrigger::default()));
    let has = |wanted: fn(&Trigger) -> bool| triggers.iter().any(wanted);
    html! {
        <section aria-labelledby="triggers">
            <h3 id="triggers">{ texts.triggers() }</h3>
            <p class="help">{ texts.triggers_help() }</p>
            if !has(|trigger| *trigger != Trigger::Manual) { <p class="none">{ texts.only_by_hand() }</p> }
            { for rows }
            if !props.readonly {
                <div class="row">
                    { add(Some(Trigger::Schedule(schedule)), "calendar-clock", texts.add_schedule(), "") }
                    if !has(|trigger| matches!(trigger, Trigger::Http(_))) {
                        { add(Some(Trigger::Http(HttpTrigger::default())), "webhook", texts.add_http(), "") }
                    }
                    if !has(|trigger| matches!(trigger, Trigger::Upload(_))) {
                        { add(upload, "upload", texts.add_file(), texts.no_source_yet()) }
                    }
                    if !has(|trigger| matches!(trigger, Trigger::Live(_))) {
                        { add(live, "radio", texts.add_live(), texts.no_live_yet()) }
                    }
                </div>
            }
        </section>
    }
}

/// Whether messages may arrive at a step.
fn listens(props: &TriggersFormProps) -> bool {
    let is_live = |connector: &str| {
        connector == WORKFLOW || props.catalogue.get(connector).is_some_and(|connector| connector.live)
    };
    props.document.steps.iter().any(|step| !step.disabled && is_live(&step.connector))
}

/// The steps whose data a call or a file can stand for: id and name.
fn sources(props: &TriggersFormProps) -> Vec<(AttrValue, AttrValue)> {
    let is_source =
        |connector: &str| props.catalogue.get(connector).is_some_and(|it| it.kind == Kind::Source);
    let steps = props.document.steps.iter().filter(|step| is_source(&step.connector));
    steps.map(|step| (step.id.clone().into(), props.catalogue.name(step).to_owned().into())).collect()
}

fn row(
    props: &TriggersFormProps,
    place: usize,
    trigger: &Trigger,
    sources: &[(AttrValue, AttrValue)],
    texts: Texts,
) -> Html {
    let replace = props.dispatch.reform({
        let triggers = props.document.triggers.clone();
        move |trigger: Option<Trigger>| {
            let mut triggers = triggers.clone();
            triggers.splice(place..=place, trigger).for_each(drop);
            Action::Whole(WholeEdit::Triggers(triggers))
        }
    });
    match trigger {
        Trigger::Manual => Html::default(),
        Trigger::Schedule(schedule) => {
            let change = replace.reform(|schedule: Option<Schedule>| schedule.map(Trigger::Schedule));
            html! { <ScheduleForm key={place} {place} schedule={schedule.clone()} readonly={props.readonly} {change} /> }
        }
        Trigger::Http(HttpTrigger { input }) => {
            let nothing = (AttrValue::Static(""), AttrValue::Static(texts.no_body()));
            let change = replace.reform(|step: String| {
                Some(Trigger::Http(HttpTrigger { input: (!step.is_empty()).then_some(step) }))
            });
            html! {
                <CallForm key={place} {place} title={texts.by_http()} help={texts.by_http_help()} label={texts.body_for()}
                    address={address(&props.workflow, "call")} sends={input.is_some()} value={input.clone().unwrap_or_default()}
                    options={std::iter::once(nothing).chain(sources.iter().cloned()).collect::<Vec<_>>()}
                    {change} remove={replace.reform(|()| None)} readonly={props.readonly} />
            }
        }
        Trigger::Live(live) => {
            let change = replace.reform(|live: Option<LiveTrigger>| live.map(Trigger::Live));
            html! {
                <LiveForm key={place} {place} live={*live} document={Rc::clone(&props.document)} catalogue={props.catalogue.clone()}
                    workflow={props.workflow.clone()} readonly={props.readonly} {change} />
            }
        }
        Trigger::Upload(UploadTrigger { input }) => {
            let change = replace.reform(|input: String| Some(Trigger::Upload(UploadTrigger { input })));
            html! {
                <CallForm key={place} {place} title={texts.by_file()} help={texts.by_file_help()} label={texts.file_for()}
                    address={address(&props.workflow, "upload?name=data.csv")} sends=true value={input.clone()}
                    options={sources.to_vec()} {change} remove={replace.reform(|()| None)} readonly={props.readonly} />
            }
        }
    }
}

fn address(workflow: &str, call: &str) -> String {
    format!("{}{ROOT}/workflows/{}/{call}", browser::origin(), part(workflow))
}

/// What is said of a trigger that programs call.
#[derive(Properties, PartialEq)]
struct CallFormProps {
    place: usize,
    title: AttrValue,
    help: AttrValue,
    label: AttrValue,
    address: AttrValue,
    /// Whether the call has a body.
    sends: bool,
    value: AttrValue,
    options: Vec<(AttrValue, AttrValue)>,
    change: Callback<String>,
    remove: Callback<()>,
    readonly: bool,
}

/// A trigger that programs call: what their data stands for, and how they call.
#[component]
fn CallForm(props: &CallFormProps) -> Html {
    let texts = use_bus().texts;
    let data = if props.sends { "--data-binary @data.csv" } else { "-X POST" };
    let example = format!("curl -H \"Authorization: Bearer $KEY\" {data} \"{}\"", props.address);
    html! {
        <fieldset class="group">
            <legend>{ &props.title }</legend>
            <p class="help">{ &props.help }</p>
            <Choice id={format!("trigger-{}", props.place)} label={props.label.clone()} value={props.value.clone()}
                options={props.options.clone()} change={props.change.clone()} readonly={props.readonly} />
            <p class="help">{ texts.example_call() }</p>
            <pre class="example" tabindex="0">{ example }</pre>
            if !props.readonly {
                <button type="button" class="small" onclick={props.remove.reform(|_: MouseEvent| ())}><Icon name="x" />{ texts.remove_trigger() }</button>
            }
        </fieldset>
    }
}
