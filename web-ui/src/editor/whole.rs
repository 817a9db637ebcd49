use super::{
    Action, Catalogue, Editing, WholeEdit, parameters::ParametersForm, plan::PlanPanel,
    triggers::TriggersForm,
};
use crate::{
    bus::use_bus,
    components::{Icon, Prose},
    texts::Texts,
};
use bus_core::api::{Finding, Severity};
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
    /// Its id on the server.
    pub(crate) workflow: AttrValue,
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
            <TriggersForm document={Rc::clone(document)} catalogue={props.catalogue.clone()} workflow={props.workflow.clone()}
                readonly={props.readonly} dispatch={props.dispatch.clone()} />
            <PlanPanel document={Rc::clone(document)} workflow={props.workflow.clone()} />
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
        let place = finding.step.as_ref().map_or_else(
            || finding.path.clone(),
            |id| props.catalogue.place_of(&props.editing.document, id, &finding.path),
        );
        html! {
            <li><span {class} title={word}><Icon name={icon} /><span class="unseen">{ word }</span></span>
                <span>{ step }{ " " }<span class="quiet-text">{ place }</span>{ " " }<Prose text={finding.message.clone()} />
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
