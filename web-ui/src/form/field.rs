use super::{
    choice::ChoiceSetting,
    group::GroupSetting,
    list::ListSetting,
    map::MapSetting,
    secret::SecretSetting,
    shape::{Kind, Shape},
    text::TextSetting,
    typed::{Typed, show},
    value::{Part, Path},
};
use crate::{
    bus::use_bus,
    components::{Icon, Prose},
};
use bus_core::api::{Finding, SecretName, Severity};
use serde_json::Value;
use std::rc::Rc;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// What all fields of a form share.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Form {
    /// The schema of the whole.
    pub(crate) schema: Rc<Value>,
    /// Takes a change: where, and the new value, or none to leave it out.
    pub(crate) change: Callback<(Path, Option<Value>)>,
    /// What was found about the step.
    pub(crate) findings: Rc<Vec<Finding>>,
    /// Names of fields that the records are known to have.
    pub(crate) fields: Rc<Vec<String>>,
    /// The secrets there are.
    pub(crate) secrets: Rc<Vec<SecretName>>,
    /// Makes a secret: its name and value.
    pub(crate) make_secret: Callback<(String, String)>,
    /// Whether it only shows.
    pub(crate) readonly: bool,
}

/// One setting.
#[derive(Properties, PartialEq, Clone)]
pub(crate) struct SettingProps {
    /// Where its schema stands.
    pub(crate) pointer: AttrValue,
    /// Where it stands.
    pub(crate) path: Path,
    /// Its label where the schema has none.
    pub(crate) name: AttrValue,
    /// Its value.
    pub(crate) value: Option<Value>,
    /// Whether it must be given.
    #[prop_or_default]
    pub(crate) required: bool,
}

/// One setting: its label, its help, what is wrong with it, and what to type or choose.
#[component]
pub(crate) fn Setting(props: &SettingProps) -> Html {
    let form = use_context::<Form>().unwrap_or_default();
    let shape = Rc::new(Shape::at(&form.schema, &props.pointer));
    let drawn = Drawn { setting: props.clone(), shape: Rc::clone(&shape) };
    match &shape.kind {
        Kind::Text
        | Kind::Long
        | Kind::Field
        | Kind::Expression
        | Kind::Template
        | Kind::Number { .. }
        | Kind::Scalar
        | Kind::Json => html! { <TextSetting {drawn} /> },
        Kind::Switch => html! { <SwitchSetting {drawn} /> },
        Kind::Choice(_) => html! { <ChoiceSetting {drawn} /> },
        Kind::List(_) => html! { <ListSetting {drawn} /> },
        Kind::Group(_) => html! { <GroupSetting {drawn} /> },
        Kind::Map(_) => html! { <MapSetting {drawn} /> },
        Kind::Secret => html! { <SecretSetting {drawn} /> },
    }
}

/// A setting with its shape: what each kind of field is drawn from.
#[derive(Clone, PartialEq)]
pub(crate) struct Drawn {
    pub(super) setting: SettingProps,
    pub(super) shape: Rc<Shape>,
}

#[derive(Properties, PartialEq)]
pub(crate) struct DrawnProps {
    pub(crate) drawn: Drawn,
}

impl Drawn {
    /// The name of its element.
    pub(super) fn id(&self) -> String {
        self.setting.path.id()
    }

    /// Its label.
    pub(super) fn label(&self) -> AttrValue {
        if self.shape.title.is_empty() || self.is_item() {
            self.setting.name.clone()
        } else {
            self.shape.title.clone().into()
        }
    }

    /// Whether it is an item of a list: it has a number, and must be given by its nature.
    fn is_item(&self) -> bool {
        matches!(self.setting.path.0.last(), Some(Part::Index(_)))
    }

    /// Whether it must be given and is not.
    pub(super) fn missing(&self) -> bool {
        self.setting.required && self.setting.value.is_none()
    }

    /// What was found at this very setting.
    pub(super) fn findings(&self, form: &Form) -> Vec<Finding> {
        let path = self.setting.path.text();
        form.findings.iter().filter(|finding| finding.path == path).cloned().collect()
    }

    /// What `aria-describedby` says: its help, and what is wrong.
    pub(super) fn described_by(&self, form: &Form) -> Option<String> {
        let id = self.id();
        let help = (!self.shape.description.is_empty()).then(|| format!("{id}-help"));
        let wrong = self.wrong(form).then(|| format!("{id}-wrong"));
        let both: Vec<String> = help.into_iter().chain(wrong).collect();
        (!both.is_empty()).then(|| both.join(" "))
    }

    /// Whether something is wrong with it.
    pub(super) fn wrong(&self, form: &Form) -> bool {
        self.missing() || !self.findings(form).is_empty()
    }

    /// Its label, as HTML.
    pub(super) fn label_html(&self) -> Html {
        html! {
            <>
                { self.label() }
                if self.setting.required && !self.is_item() { <span class="must" aria-hidden="true">{ " *" }</span> }
            </>
        }
    }

    /// What counts where nothing is given, for the placeholder.
    pub(super) fn default_text(&self) -> String {
        show(Typed::Scalar, self.shape.default.as_ref())
    }
}

/// Help and findings below a field.
#[component]
pub(crate) fn Below(props: &DrawnProps) -> Html {
    let texts = use_bus().texts;
    let form = use_context::<Form>().unwrap_or_default();
    let drawn = &props.drawn;
    let id = drawn.id();
    let examples: Vec<String> =
        drawn.shape.examples.iter().take(3).map(|it| show(Typed::Scalar, Some(it))).collect();
    let findings = drawn.findings(&form);
    let wrong = drawn.wrong(&form);
    html! {
        <>
            if !drawn.shape.description.is_empty() {
                <p class="help" id={format!("{id}-help")}>
                    <Prose text={drawn.shape.description.clone()} />
                    if !examples.is_empty() { { " " }{ texts.for_example(examples.join(", ")) } }
                </p>
            }
            if wrong {
                <div class="wrong" id={format!("{id}-wrong")}>
                    if drawn.missing() {
                        // the check says the same in the words of the document
                        <p class="bad-text"><Icon name="circle-alert" />{ texts.is_missing() }</p>
                    } else {
                        { for findings.iter().map(finding) }
                    }
                </div>
            }
        </>
    }
}

/// Something found, as it stands at a field.
pub(crate) fn finding(finding: &Finding) -> Html {
    let (class, icon) = match finding.severity {
        Severity::Error => ("bad-text", "circle-alert"),
        Severity::Warning => ("warn-text", "triangle-alert"),
    };
    html! {
        <p {class}><Icon name={icon} /><span><Prose text={finding.message.clone()} />
            if !finding.advice.is_empty() { { " – " }<Prose text={finding.advice.clone()} /> }
        </span></p>
    }
}

/// Yes or no.
#[component]
fn SwitchSetting(props: &DrawnProps) -> Html {
    let form = use_context::<Form>().unwrap_or_default();
    let drawn = &props.drawn;
    let usual = drawn.shape.default.as_ref().and_then(Value::as_bool).unwrap_or_default();
    let on = drawn.setting.value.as_ref().and_then(Value::as_bool).unwrap_or(usual);
    let change = form.change.reform({
        let path = drawn.setting.path.clone();
        let required = drawn.setting.required;
        move |event: Event| {
            let on = event.target_unchecked_into::<HtmlInputElement>().checked();
            // what is the default anyway is not written down
            (path.clone(), (on != usual || required).then_some(Value::Bool(on)))
        }
    });
    html! {
        <div class="field switch">
            <input id={drawn.id()} type="checkbox" role="switch" checked={on} onchange={change} disabled={form.readonly}
                aria-describedby={drawn.described_by(&form)} />
            <label for={drawn.id()}>{ drawn.label_html() }</label>
            <Below drawn={drawn.clone()} />
        </div>
    }
}
