use super::{
    Form, Settings,
    shape::{Kind, Shape},
};
use crate::{bus::Bus, texts::Texts};
use bus_core::{
    Language,
    api::{Finding, SecretName, Severity, Time},
    catalogue::Catalogue as _,
};
use connectors::Connectors;
use serde_json::{Map, Value, json};
use std::rc::Rc;
use yew::prelude::*;

#[derive(Properties, PartialEq, Clone)]
struct PageProps {
    form: Form,
    language: Language,
    settings: Map<String, Value>,
}

#[component]
fn Page(props: &PageProps) -> Html {
    let bus = Bus { texts: Texts(props.language), ..Bus::default() };
    html! {
        <ContextProvider<Bus> context={bus}>
            <ContextProvider<Form> context={props.form.clone()}><Settings value={props.settings.clone()} /></ContextProvider<Form>>
        </ContextProvider<Bus>>
    }
}

/// A form as HTML, without a browser.
async fn drawn(form: Form, language: Language, settings: Value) -> String {
    let settings = settings.as_object().cloned().unwrap_or_default();
    let props = PageProps { form, language, settings };
    yew::LocalServerRenderer::<Page>::with_props(props).hydratable(false).render().await
}

fn form(schema: Value) -> Form {
    Form { schema: Rc::new(schema), ..Form::default() }
}

fn found(path: &str, message: &str) -> Finding {
    Finding {
        severity: Severity::Error,
        step: None,
        path: path.to_owned(),
        message: message.to_owned(),
        advice: String::new(),
    }
}

#[tokio::test]
async fn a_field_has_its_label_its_help_and_what_is_wrong_with_it() {
    let schema = json!({ "type": "object", "required": ["path"], "properties": {
        "path": { "type": "string", "title": "File", "description": "Where it is." },
    } });
    let form = Form { findings: Rc::new(vec![found("path", "no such file")]), ..form(schema) };
    let html = drawn(form, Language::En, json!({ "path": "a.csv" })).await;
    for part in [
        r#"<label for="setting-path">"#,
        r#"aria-describedby="setting-path-help setting-path-wrong""#,
        r#"aria-invalid="true""#,
        r#"value="a.csv""#,
        "Where it is.",
        "no such file",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
}

#[tokio::test]
async fn what_must_be_filled_in_says_so_in_the_readers_language() {
    let schema =
        json!({ "type": "object", "required": ["path"], "properties": { "path": { "type": "string" } } });
    let html = drawn(form(schema), Language::Fr, json!({})).await;
    assert!(html.contains("Ce champ doit être rempli."), "{html}");
}

#[tokio::test]
async fn a_finding_within_a_list_stands_at_its_item() {
    let schema = json!({ "type": "object", "properties": {
        "fields": { "type": "array", "items": { "type": "object", "properties": { "name": { "type": "string" } } } },
    } });
    let form = Form { findings: Rc::new(vec![found("fields[1].name", "taken")]), ..form(schema) };
    let html = drawn(form, Language::En, json!({ "fields": [{ "name": "a" }, { "name": "b" }] })).await;
    let place = html.find("setting-fields-1--name-wrong").expect("described");
    assert!(html.find("taken").is_some_and(|said| said > place));
}

#[tokio::test]
async fn a_choice_shows_the_settings_of_what_was_chosen() {
    let schema = json!({ "type": "object", "properties": { "format": { "oneOf": [
        { "type": "string", "enum": ["csv", "json"] },
        { "type": "object", "properties": { "csv": { "type": "object", "properties": {
            "delimiter": { "type": "string", "title": "Delimiter" },
        } } } },
    ] } } });
    let html = drawn(form(schema.clone()), Language::En, json!({ "format": "csv" })).await;
    assert!(html.contains("Delimiter"), "{html}");
    let html = drawn(form(schema), Language::En, json!({ "format": "json" })).await;
    assert!(!html.contains("Delimiter"), "{html}");
}

#[tokio::test]
async fn a_secret_is_chosen_by_name_and_never_typed_in() {
    let schema = json!({ "type": "object", "properties": {
        "password": { "type": "object", "x-form": "secret", "title": "Password" },
    } });
    let secrets = Rc::new(vec![SecretName { name: "api".to_owned(), set: Time(0) }]);
    let html =
        drawn(Form { secrets, ..form(schema) }, Language::En, json!({ "password": { "secret": "old" } }))
            .await;
    assert!(html.contains(r#"<option value="api""#) && html.contains(r#"<option value="old""#), "{html}");
    assert!(!html.contains(r#"type="password""#), "{html}");
}

#[tokio::test]
async fn a_reader_changes_nothing() {
    let schema = json!({ "type": "object", "properties": {
        "path": { "type": "string" }, "on": { "type": "boolean" }, "list": { "type": "array", "items": { "type": "string" } },
    } });
    let html = drawn(Form { readonly: true, ..form(schema) }, Language::En, json!({ "list": ["a"] })).await;
    assert!(html.contains("readonly") && html.contains("disabled") && !html.contains("<button"), "{html}");
}

/// The form of every connector there is.
#[tokio::test]
async fn every_connector_can_be_drawn() {
    for id in Connectors.ids() {
        let schema = &Connectors.entry(id).expect("a connector").schema;
        let html = drawn(form(schema.clone()), Language::En, json!({})).await;
        for (name, setting) in schema["properties"].as_object().into_iter().flatten() {
            let label = setting["title"].as_str().expect("a title").replace('\'', "&#x27;");
            assert!(html.contains(&label), "{id}: {name} is not drawn");
        }
    }
}

/// Only what is meant to be code is left to be typed as JSON.
#[test]
fn every_setting_has_a_field_of_its_kind() {
    for id in Connectors.ids() {
        let schema = &Connectors.entry(id).expect("a connector").schema;
        walk(schema, "", id, 0);
    }
}

fn walk(schema: &Value, pointer: &str, at: &str, depth: usize) {
    if depth > 8 {
        return;
    }
    match Shape::at(schema, pointer).kind {
        Kind::Json => {
            let field = schema.pointer(pointer).expect("it is there");
            assert_eq!(field.get("x-form"), Some(&json!("code")), "{at} can only be typed as JSON");
        }
        Kind::Group(members) => {
            members.iter().for_each(|it| walk(schema, &it.pointer, &format!("{at}.{}", it.name), depth + 1));
        }
        Kind::List(items) => walk(schema, &items, &format!("{at}[]"), depth + 1),
        Kind::Map(values) => walk(schema, &values, &format!("{at}.*"), depth + 1),
        Kind::Choice(branches) => {
            let contents = branches.iter().filter_map(|branch| Some((&branch.tag, branch.content.as_ref()?)));
            contents.for_each(|(tag, content)| walk(schema, content, &format!("{at}.{tag}"), depth + 1));
        }
        Kind::Text
        | Kind::Long
        | Kind::Field
        | Kind::Expression
        | Kind::Template
        | Kind::Number { .. }
        | Kind::Switch
        | Kind::Secret
        | Kind::Scalar => {}
    }
}
