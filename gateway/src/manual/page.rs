use super::{examples::examples, html::Html};
use bus_core::{
    Language, Message,
    catalogue::{Catalogue as _, ERRORS, Entry},
    expression::{FORMS, Group, functions},
    manual::{Page, Setting, groups, kind},
    msg, yaml,
};
use connectors::{Connectors, contract::Format, format_schema, formats};
use serde_json::{Map, Value, json};

/// The page of the expression language.
pub(super) const EXPRESSIONS: &str = "expressions";

/// The contents of the manual.
pub(super) fn contents(language: Language) -> String {
    let said = |message: Message| message.text(language);
    let title = said(msg!("Manual"));
    whole(language, &title, "/manual", |html| {
        html.text("h1", &title);
        for (group, heading) in groups() {
            let entries = Connectors.ids();
            let entries = entries.iter().filter_map(|id| Connectors.entry(id));
            let members: Vec<&Entry> = entries.filter(|entry| entry.schema["x-group"] == group).collect();
            if !members.is_empty() {
                let pages = members.iter().map(|entry| (entry.id, Page::of(&entry.schema, language)));
                chapter(html, &said(heading), pages, language);
            }
        }
        let pages =
            formats::ALL.iter().filter_map(|format| Some((format.id(), format_page(format, language)?)));
        chapter(html, &said(msg!("Formats")), pages, language);
        html.element("section", &[], |html| {
            html.text("h2", &said(msg!("Expressions")));
            let about = said(msg!("How to compute values from records"));
            html.element("ul", &[], |html| entry(html, EXPRESSIONS, &about, "", language));
        });
    })
}

fn chapter(
    html: &mut Html,
    title: &str,
    pages: impl Iterator<Item = (&'static str, Page)>,
    language: Language,
) {
    html.element("section", &[], |html| {
        html.text("h2", title);
        html.element("ul", &[], |html| {
            for (id, page) in pages {
                entry(html, id, &page.title, first_sentence(&page.description), language);
            }
        });
    });
}

fn entry(html: &mut Html, id: &str, title: &str, about: &str, language: Language) {
    html.element("li", &[], |html| {
        html.element("a", &[("href", &link(id, language))], |html| {
            html.said(title);
        });
        if !about.is_empty() {
            html.said(" — ").said(about);
        }
    });
}

fn link(id: &str, language: Language) -> String {
    format!("/manual/{id}?lang={}", tag(language))
}

const fn tag(language: Language) -> &'static str {
    match language {
        Language::En => "en",
        Language::Fr => "fr",
    }
}

fn first_sentence(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    line.split_once(". ").map_or(line, |(first, _)| first)
}

fn format_page(format: &Format, language: Language) -> Option<Page> {
    let (root, schema) = format_schema(format.id())?;
    Some(Page::within(root, schema, language))
}

/// The page of a connector, a format, or the expressions; `None` if there is nothing of that name.
pub(super) fn one(id: &str, language: Language) -> Option<String> {
    let path = format!("/manual/{id}");
    if id == EXPRESSIONS {
        let title = msg!("Expressions").text(language);
        return Some(whole(language, &title, &path, |html| expressions(html, language)));
    }
    if let Some(entry) = Connectors.entry(id) {
        let page = Page::of(&entry.schema, language);
        return Some(whole(language, &page.title, &path, |html| connector(html, entry, &page, language)));
    }
    let format = formats::ALL.iter().find(|format| format.id() == id)?;
    let page = format_page(format, language)?;
    Some(whole(language, &page.title, &path, |html| {
        top(html, id, &page, &msg!("format"), language);
        let extensions: Vec<String> = format.extensions().iter().map(|it| format!(".{it}")).collect();
        html.text("p", &msg!("Extensions: {list}", list = extensions.join(", ")).text(language));
        html.text("p", &msg!("Media types: {list}", list = format.media_types().join(", ")).text(language));
        settings(html, &page.settings, language);
    }))
}

/// The frame of every page: the same in both languages, readable without style.
fn whole(language: Language, title: &str, path: &str, inside: impl FnOnce(&mut Html)) -> String {
    let said = |message: Message| message.text(language);
    let mut html = Html::default();
    html.raw("<!DOCTYPE html>\n");
    html.element("html", &[("lang", tag(language))], |html| {
        html.raw("<head>\n<meta charset=\"utf-8\">\n");
        html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        html.text("title", &format!("{title} — Semantic Bus"));
        html.raw("<link rel=\"stylesheet\" href=\"/manual/style.css\">\n</head>\n<body>\n");
        html.element("a", &[("class", "skip"), ("href", "#main")], |html| {
            html.said(&said(msg!("To the content")));
        });
        html.element("header", &[], |html| {
            html.element("nav", &[("aria-label", &said(msg!("Pages")))], |html| {
                html.element("ul", &[], |html| {
                    link_item(html, "/", "Semantic Bus", None);
                    let contents = format!("/manual?lang={}", tag(language));
                    link_item(html, &contents, &said(msg!("Manual")), None);
                    let other = if language == Language::En { Language::Fr } else { Language::En };
                    let name = if language == Language::En { "Français" } else { "English" };
                    link_item(html, &format!("{path}?lang={}", tag(other)), name, Some(tag(other)));
                });
            });
        });
        html.element("main", &[("id", "main")], inside);
        html.raw("</body>\n");
    });
    html.finish()
}

fn link_item(html: &mut Html, href: &str, text: &str, lang: Option<&str>) {
    html.element("li", &[], |html| {
        let mut attributes = vec![("href", href)];
        attributes.extend(lang.into_iter().flat_map(|lang| [("lang", lang), ("hreflang", lang)]));
        html.element("a", &attributes, |html| {
            html.said(text);
        });
    });
}

fn top(html: &mut Html, id: &str, page: &Page, kind: &Message, language: Language) {
    html.text("h1", &page.title);
    html.text("p", &format!("`{id}` ({})", kind.text(language)));
    html.paragraphs(&page.description);
}

fn connector(html: &mut Html, entry: &Entry, page: &Page, language: Language) {
    let said = |message: Message| message.text(language);
    top(html, entry.id, page, &kind(entry.kind), language);
    let inputs = entry.inputs.iter().map(|input| {
        let optional = || said(msg!("`{port}` (may stay unlinked)", port = input.name));
        if input.required { format!("`{}`", input.name) } else { optional() }
    });
    let inputs: Vec<String> = inputs.collect();
    if !inputs.is_empty() {
        html.text("p", &said(msg!("Inputs: {ports}", ports = inputs.join(", "))));
    }
    let outputs = entry.outputs.iter().chain([&ERRORS]).map(|port| format!("`{port}`"));
    let outputs: Vec<String> = outputs.collect();
    html.text("p", &said(msg!("Outputs: {ports}", ports = outputs.join(", "))));
    settings(html, &page.settings, language);
    let cases = examples(entry.id);
    if !cases.is_empty() {
        html.text("h2", &said(msg!("Examples")));
        cases.iter().for_each(|case| example(html, entry.id, case, language));
    }
}

fn settings(html: &mut Html, settings: &[Setting], language: Language) {
    if settings.is_empty() {
        html.text("p", &msg!("It has no settings.").text(language));
        return;
    }
    html.text("h2", &msg!("Settings").text(language));
    html.element("dl", &[], |html| {
        for it in settings {
            setting(html, it, language);
        }
    });
}

fn setting(html: &mut Html, setting: &Setting, language: Language) {
    let said = |message: Message| message.text(language);
    let mut facts = vec![said(setting.kind.clone())];
    if setting.required {
        facts.push(said(msg!("required")));
    }
    if let Some(default) = &setting.default {
        facts.push(said(msg!("default {value}", value = short(default))));
    }
    html.element("dt", &[("id", &setting.path)], |html| {
        html.raw("<code>").escaped(&setting.path).raw("</code>");
        if !setting.title.is_empty() {
            html.said(" — ").said(&setting.title);
        }
    });
    html.element("dd", &[], |html| {
        html.text("p", &facts.join(", ")).paragraphs(&setting.description);
        if !setting.choices.is_empty() {
            html.element("ul", &[], |html| {
                for choice in &setting.choices {
                    let about = [choice.title.as_str(), choice.description.as_str()];
                    let about: Vec<&str> = about.into_iter().filter(|text| !text.is_empty()).collect();
                    html.text("li", &format!("`{}`: {}", choice.name, about.join(". ")));
                }
            });
        }
        if !setting.examples.is_empty() {
            let examples: Vec<String> =
                setting.examples.iter().map(|example| format!("`{}`", short(example))).collect();
            html.text("p", &said(msg!("For example: {examples}", examples = examples.join(", "))));
        }
    });
}

fn example(html: &mut Html, id: &str, case: &Value, language: Language) {
    html.element("section", &[], |html| {
        html.text("h3", case.get("about").and_then(Value::as_str).unwrap_or_default());
        let settings = case.get("settings").cloned().unwrap_or(Value::Object(Map::new()));
        html.block(&yaml::write(&json!([{ "id": "step", "connector": id, "settings": settings }])));
        let members = |name: &str| case.get(name).and_then(Value::as_object).into_iter().flatten();
        for (port, shown) in members("inputs") {
            records(html, &msg!("records at `{port}`:", port = port), shown, language);
        }
        for (port, shown) in members("expect").filter(|(_, value)| value.is_array()) {
            records(html, &msg!("gives at `{port}`:", port = port), shown, language);
        }
    });
}

fn records(html: &mut Html, title: &Message, records: &Value, language: Language) {
    html.text("p", &title.text(language));
    let records = records.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut text: String = records.iter().take(5).map(|record| format!("{record}\n")).collect();
    if records.len() > 5 {
        text.push('…');
    }
    html.block(&text);
}

fn expressions(html: &mut Html, language: Language) {
    let said = |message: Message| message.text(language);
    html.text("h1", &said(msg!("Expressions")));
    html.paragraphs(&said(msg!("An expression computes a value from a record, in CEL, the Common Expression Language. Fields are written by their names; `record[\"odd name\"]` stands for those with other characters, `params.x` for a parameter of the run, `now` for its time. Operators: + - * / % == != < <= > >= in && || ! and condition ? value : other.")));
    html.text("h2", &said(msg!("Forms")));
    html.element("dl", &[], |html| {
        for form in &FORMS {
            function(html, form.signature, language.text(form.about), (form.example, form.result));
        }
    });
    for group in Group::ALL {
        html.text("h2", &said(group.title()));
        html.element("dl", &[], |html| {
            for it in functions().filter(|function| function.group() == group) {
                function(html, it.signature(), language.text(it.about()), it.example());
            }
        });
    }
}

fn function(html: &mut Html, signature: &str, about: &str, (example, result): (&str, &str)) {
    html.element("dt", &[], |html| {
        html.raw("<code>").escaped(signature).raw("</code>");
    });
    html.element("dd", &[], |html| {
        html.paragraphs(about);
        html.block(&format!("{example}  →  {result}"));
    });
}

/// A value on one line, as in a document.
fn short(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => value.to_string(),
        other => yaml::write(other).trim_end().to_owned(),
    }
}
