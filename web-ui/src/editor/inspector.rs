use super::{Action, Catalogue, Editing, Give, Given, OwnFile, StepEdit, takes_a_file};
use crate::{
    bus::use_bus,
    components::{Choice, Icon, Input, Prose, Switch},
    form::{Form, Path, Settings},
    texts::Texts,
};
use bus_core::{
    api::{Finding, SecretName},
    workflow::{Link, Port, Step, Workflow},
};
use serde_json::Value;
use std::rc::Rc;
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

/// Which step's settings.
#[derive(Properties, PartialEq)]
pub(crate) struct InspectorProps {
    /// The document.
    pub(crate) editing: Rc<Editing>,
    /// The step.
    pub(crate) step: Step,
    /// The connectors.
    pub(crate) catalogue: Catalogue,
    /// The secrets there are.
    pub(crate) secrets: Rc<Vec<SecretName>>,
    /// Makes a secret.
    pub(crate) make_secret: Callback<(String, String)>,
    /// Names of fields that records are known to have.
    pub(crate) fields: Rc<Vec<String>>,
    /// Files that stand for what sources read.
    pub(crate) given: Rc<Given>,
    /// Gives others.
    pub(crate) give: Give,
    /// Whether it only shows.
    pub(crate) readonly: bool,
    /// Takes what is done.
    pub(crate) dispatch: Callback<Action>,
}

/// The settings of one step, its links and remarks.
#[component]
pub(crate) fn Inspector(props: &InspectorProps) -> Html {
    let texts = use_bus().texts;
    let step = &props.step;
    let connector = props.catalogue.get(&step.connector);
    let id = step.id.clone();
    let findings: Vec<Finding> = props.editing.findings_of(&id).cloned().collect();
    let schema = use_memo((step.connector.clone(), props.catalogue.clone()), |(connector, catalogue)| {
        catalogue.get(connector).map_or(Value::Null, |connector| connector.schema.clone())
    });
    let form = Form {
        schema,
        change: props.dispatch.reform({
            let id = id.clone();
            move |(path, value)| Action::Set { step: id.clone(), path, value }
        }),
        findings: Rc::new(findings.clone()),
        fields: Rc::clone(&props.fields),
        secrets: Rc::clone(&props.secrets),
        make_secret: props.make_secret.clone(),
        readonly: props.readonly,
    };
    let general: Vec<&Finding> = findings.iter().filter(|finding| finding.path.is_empty()).collect();
    let edit = |edit: fn(String) -> StepEdit| {
        let id = id.clone();
        props.dispatch.reform(move |typed: String| Action::Edit { step: id.clone(), edit: edit(typed) })
    };
    let note = edit(StepEdit::Note)
        .reform(|event: InputEvent| event.target_unchecked_into::<HtmlTextAreaElement>().value());
    let off = props.dispatch.reform({
        let id = id.clone();
        move |off| Action::Edit { step: id.clone(), edit: StepEdit::Disabled(off) }
    });
    let title = props.catalogue.name(step).to_owned();
    let group = connector.and_then(|it| it.schema.get("x-group")?.as_str()).unwrap_or_default().to_owned();
    html! {
        <section class="inspector" aria-label={texts.step_settings(&title)}>
            <header data-group={group}>
                <span class="tile"><Icon name={connector.map_or_else(|| "box".to_owned(), |it| it.icon.clone())} /></span>
                <h2 id="inspector-title" tabindex="-1">{ title }</h2>
            </header>
            if let Some(connector) = connector {
                <p class="help"><Prose text={connector.description.clone()} />
                    { " " }<a href={format!("/manual/{}", connector.id)} target="_blank" rel="noopener">{ texts.manual() }</a>
                </p>
            } else {
                <p class="bad-text"><Icon name="circle-alert" />{ texts.unknown_connector(&step.connector) }</p>
            }
            <div role="status">{ for general.into_iter().map(crate::form::finding) }</div>
            <Input id="step-name" label={texts.step_name()} value={step.name.clone()} change={edit(StepEdit::Name)} readonly={props.readonly} />
            if takes_a_file(step, &props.catalogue) && !props.readonly {
                <OwnFile key={format!("own {id}")} step={id.clone()} given={Rc::clone(&props.given)} give={props.give.clone()} named={named(props)} />
            }
            if connector.is_some() {
                <ContextProvider<Form> context={form}>
                    <Settings key={id.clone()} value={step.settings.clone()} />
                </ContextProvider<Form>>
            }
            <Links document={Rc::clone(&props.editing.document)} step={step.clone()} catalogue={props.catalogue.clone()}
                readonly={props.readonly} dispatch={props.dispatch.clone()} />
            <div class="field">
                <label for="step-note">{ texts.note() }</label>
                <textarea id="step-note" rows="2" value={step.note.clone()} oninput={note} readonly={props.readonly} aria-describedby="step-note-help" />
                <p class="help" id="step-note-help">{ texts.note_help() }</p>
            </div>
            if !props.readonly {
                <Switch id="step-off" label={texts.disabled()} help={texts.disabled_help()} on={step.disabled} change={off} />
                <button type="button" class="danger quiet" onclick={props.dispatch.reform(|_: MouseEvent| Action::Remove)}>
                    <Icon name="trash-2" />{ texts.remove_step() }
                </button>
            }
        </section>
    }
}

/// Where a source must have a path and has none yet, the name of the file that was given for it becomes its path.
fn named(props: &InspectorProps) -> Callback<String> {
    let (step, dispatch) = (&props.step, props.dispatch.clone());
    let has_path = props
        .catalogue
        .get(&step.connector)
        .is_some_and(|it| it.schema.pointer("/properties/path").is_some());
    let wanted = has_path && !step.settings.contains_key("path");
    let id = step.id.clone();
    Callback::from(move |name: String| {
        if wanted {
            let path = Path::default().key("path");
            dispatch.emit(Action::Set { step: id.clone(), path, value: Some(Value::from(name)) });
        }
    })
}

#[derive(Properties, PartialEq)]
struct LinksProps {
    document: Rc<Workflow>,
    step: Step,
    catalogue: Catalogue,
    readonly: bool,
    dispatch: Callback<Action>,
}

/// The links of a step, to be made and removed without a pointer.
#[component]
fn Links(props: &LinksProps) -> Html {
    let texts = use_bus().texts;
    let id = &props.step.id;
    let mine: Vec<&Link> =
        props.document.links.iter().filter(|it| it.from.step == *id || it.to.step == *id).collect();
    let options = targets(props, texts);
    let link = props.dispatch.reform(|chosen: String| link_of(&chosen).map_or(Action::EndLink, Action::Link));
    let rows = mine.iter().map(|link| {
        let out = link.from.step == *id;
        let (other, port) = if out { (&link.to, &link.from.port) } else { (&link.from, &link.to.port) };
        let end = |port: &Port| {
            let step = props.catalogue.name_of(&props.document, &port.step);
            format!("{step}, {}", Catalogue::port_name(&port.port, texts))
        };
        let label = format!("{} → {}", end(&link.from), end(&link.to));
        let cut = props.dispatch.reform({
            let link = (*link).clone();
            move |_: MouseEvent| Action::Unlink(link.clone())
        });
        html! {
            <li key={link.to_string()}>
                <span class="port-name">{ Catalogue::port_name(port, texts) }</span>
                <Icon name={if out { "arrow-right" } else { "arrow-left" }} />
                <span class="unseen">{ if out { texts.links_out() } else { texts.links_in() } }</span>
                <span>{ props.catalogue.name_of(&props.document, &other.step) }<span class="quiet-text">{ format!(" · {}", Catalogue::port_name(&other.port, texts)) }</span></span>
                if !props.readonly {
                    <button type="button" class="quiet" aria-label={texts.remove_link(&label)} onclick={cut}><Icon name="x" /></button>
                }
            </li>
        }
    });
    html! {
        <section class="step-links" aria-labelledby="step-links">
            <h3 id="step-links">{ texts.links() }</h3>
            if mine.is_empty() { <p class="none">{ texts.no_links() }</p> }
            <ul>{ for rows }</ul>
            if !props.readonly && options.len() > 1 {
                <Choice id="add-link" label={texts.add_link()} value="" {options} change={link} key={mine.len()} />
            }
        </section>
    }
}

/// What can be linked to the step: each of its outputs with each input of another, and the other way about.
fn targets(props: &LinksProps, texts: Texts) -> Vec<(AttrValue, AttrValue)> {
    let (document, step) = (&props.document, &props.step);
    let mine = props.catalogue.ports(document, step);
    let mut found = vec![(AttrValue::Static(""), AttrValue::Static(texts.choose()))];
    for other in document.steps.iter().filter(|other| other.id != step.id) {
        let theirs = props.catalogue.ports(document, other);
        let out = mine.outputs.iter().flat_map(|from| theirs.inputs.iter().map(move |to| (from, to)));
        let links = out.map(|(from, to)| Link::new(Port::new(&step.id, from), Port::new(&other.id, to)));
        let back = theirs.outputs.iter().flat_map(|from| mine.inputs.iter().map(move |to| (from, to)));
        let back = back.map(|(from, to)| Link::new(Port::new(&other.id, from), Port::new(&step.id, to)));
        for link in links.chain(back) {
            if super::linking::may_link(document, &link).is_ok() {
                let name = |id: &str| {
                    if id == step.id {
                        String::new()
                    } else {
                        props.catalogue.name_of(document, id).to_owned()
                    }
                };
                let label = format!(
                    "{} {} → {} {}",
                    name(&link.from.step),
                    Catalogue::port_name(&link.from.port, texts),
                    name(&link.to.step),
                    Catalogue::port_name(&link.to.port, texts)
                );
                found.push((link.to_string().into(), label.trim().to_owned().into()));
            }
        }
    }
    found
}

fn link_of(written: &str) -> Option<Link> {
    let document = serde_json::json!({ "version": 1, "links": [written] });
    serde_json::from_value::<Workflow>(document).ok()?.links.pop()
}
