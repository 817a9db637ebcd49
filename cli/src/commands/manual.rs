use super::connectors::known;
use crate::{
    arguments::ManualArguments,
    exit::{Exit, Failure},
    terminal::Terminal,
};
use bus_core::{
    Language, Message,
    catalogue::{ERRORS, Entry},
    expression::{FORMS, Group, functions},
    manual::{Page, Setting, kind},
    msg, yaml,
};
use connectors::{format_schema, formats};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// Shows the manual page of a connector, of a format, or of the expression language.
pub(crate) fn run(asked: &ManualArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let id = asked.connector.as_str();
    let language = terminal.language();
    let mut out = Writing { out: String::new(), language };
    if id == EXPRESSIONS {
        out.expressions();
        return terminal.data(&out.out);
    }
    match (known(id), formats::ALL.iter().find(|format| format.id() == id)) {
        (Ok(entry), _) => out.connector(entry),
        (Err(_), Some(format)) => out.format(format),
        (Err(failure), None) => return Err(failure),
    }
    terminal.data(&out.out)
}

/// The page of the expression language.
const EXPRESSIONS: &str = "expressions";

struct Writing {
    out: String,
    language: Language,
}

/// How wide a line of text may be.
const WIDTH: usize = 90;

impl Writing {
    fn line(&mut self, indent: usize, text: &str) {
        let pad = " ".repeat(indent);
        writeln!(self.out, "{}", format!("{pad}{text}").trim_end()).unwrap_or_default();
    }

    fn say(&mut self, indent: usize, message: &Message) {
        let text = message.text(self.language);
        self.wrapped(indent, &text);
    }

    /// Paragraphs, broken into lines.
    fn wrapped(&mut self, indent: usize, text: &str) {
        for paragraph in text.lines() {
            let mut line = String::new();
            let mut indent = indent;
            for word in paragraph.split(' ') {
                if !line.is_empty() && indent + line.chars().count() + word.chars().count() >= WIDTH {
                    self.line(indent, &line);
                    // what follows in a list stands under its first word
                    indent += if line.starts_with("- ") { 2 } else { 0 };
                    line.clear();
                }
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
            self.line(indent, &line);
        }
    }

    fn heading(&mut self, title: &Message) {
        let title = title.text(self.language);
        self.line(0, "");
        self.line(0, &title);
        self.line(0, "");
    }

    fn connector(&mut self, entry: &Entry) {
        let page = Page::of(&entry.schema, self.language);
        self.top(entry.id, &page, &kind(entry.kind));
        self.line(0, "");
        let inputs: Vec<String> = entry
            .inputs
            .iter()
            .map(|input| {
                let port = msg!("`{port}` (may stay unlinked)", port = input.name);
                if input.required { format!("`{}`", input.name) } else { port.text(self.language) }
            })
            .collect();
        if !inputs.is_empty() {
            self.say(0, &msg!("Inputs: {ports}", ports = inputs.join(", ")));
        }
        let outputs = entry.outputs.iter().chain([&ERRORS]);
        let outputs: Vec<String> = outputs.map(|port| format!("`{port}`")).collect();
        self.say(0, &msg!("Outputs: {ports}", ports = outputs.join(", ")));
        self.settings(&page.settings);
        self.examples(entry.id);
    }

    /// The language of settings that compute, and its functions.
    fn expressions(&mut self) {
        self.say(0, &msg!("Expressions"));
        self.line(0, "");
        self.say(0, &msg!("An expression computes a value from a record, in CEL, the Common Expression Language. Fields are written by their names; `record[\"odd name\"]` stands for those with other characters, `params.x` for a parameter of the run, `now` for its time. Operators: + - * / % == != < <= > >= in && || ! and condition ? value : other."));
        self.heading(&msg!("Forms"));
        for form in &FORMS {
            self.function(form.signature, form.about, (form.example, form.result));
        }
        for group in Group::ALL {
            self.heading(&group.title());
            for function in functions().filter(|function| function.group() == group) {
                self.function(function.signature(), function.about(), function.example());
            }
        }
    }

    fn function(&mut self, signature: &str, about: &str, (example, result): (&str, &str)) {
        self.line(2, signature);
        self.wrapped(6, self.language.text(about).to_owned().as_str());
        self.line(6, &format!("{example}  →  {result}"));
    }

    fn format(&mut self, format: &connectors::contract::Format) {
        let Some((root, schema)) = format_schema(format.id()) else { return };
        let page = Page::within(root, schema, self.language);
        self.top(format.id(), &page, &msg!("format"));
        self.line(0, "");
        let extensions: Vec<String> = format.extensions().iter().map(|it| format!(".{it}")).collect();
        self.say(0, &msg!("Extensions: {list}", list = extensions.join(", ")));
        self.say(0, &msg!("Media types: {list}", list = format.media_types().join(", ")));
        self.settings(&page.settings);
    }

    fn top(&mut self, id: &str, page: &Page, kind: &Message) {
        let kind = kind.text(self.language);
        self.line(0, &format!("{} — `{id}` ({kind})", page.title));
        self.line(0, "");
        self.wrapped(0, &page.description);
    }

    fn settings(&mut self, settings: &[Setting]) {
        if settings.is_empty() {
            self.heading(&msg!("It has no settings."));
            return;
        }
        self.heading(&msg!("Settings"));
        for (place, setting) in settings.iter().enumerate() {
            if place > 0 {
                self.line(0, "");
            }
            self.setting(setting);
        }
    }

    fn setting(&mut self, setting: &Setting) {
        let mut facts = vec![setting.kind.text(self.language)];
        if setting.required {
            facts.push(msg!("required").text(self.language));
        }
        if let Some(default) = &setting.default {
            facts.push(msg!("default {value}", value = short(default)).text(self.language));
        }
        let title = if setting.title.is_empty() { String::new() } else { format!(" — {}", setting.title) };
        self.wrapped(2, &format!("`{}`{title}: {}", setting.path, facts.join(", ")));
        self.wrapped(6, &setting.description);
        for choice in &setting.choices {
            let said = [choice.title.as_str(), choice.description.as_str()];
            let said: Vec<&str> = said.into_iter().filter(|text| !text.is_empty()).collect();
            self.wrapped(6, &format!("- `{}`: {}", choice.name, said.join(". ").replace('\n', " ")));
        }
        if !setting.examples.is_empty() {
            let examples: Vec<String> = setting.examples.iter().map(short).collect();
            self.say(6, &msg!("For example: {examples}", examples = examples.join(", ")));
        }
    }

    /// Cases that work: what they show, the step, what goes in and what comes out.
    fn examples(&mut self, id: &str) {
        let shown = gateway::examples(id);
        if shown.is_empty() {
            return;
        }
        self.heading(&msg!("Examples"));
        for (place, case) in shown.iter().enumerate() {
            if place > 0 {
                self.line(0, "");
            }
            self.example(id, case);
        }
    }

    fn example(&mut self, id: &str, case: &Value) {
        self.wrapped(2, case.get("about").and_then(Value::as_str).unwrap_or_default());
        let settings = case.get("settings").cloned().unwrap_or(Value::Object(Map::new()));
        let step = yaml::write(&json!([{ "id": "step", "connector": id, "settings": settings }]));
        self.block(&step);
        let inputs = case.get("inputs").and_then(Value::as_object).into_iter().flatten();
        for (port, records) in inputs {
            let title = msg!("records at `{port}`:", port = port);
            self.records(&title, records);
        }
        let outputs = case.get("expect").and_then(Value::as_object).into_iter().flatten();
        for (port, records) in outputs.filter(|(_, value)| value.is_array()) {
            self.records(&msg!("gives at `{port}`:", port = port), records);
        }
    }

    fn records(&mut self, title: &Message, records: &Value) {
        self.say(4, title);
        let records = records.as_array().map(Vec::as_slice).unwrap_or_default();
        let mut text: String = records.iter().take(5).map(|record| format!("{record}\n")).collect();
        if records.len() > 5 {
            text.push_str("…\n");
        }
        self.block(&text);
    }

    fn block(&mut self, text: &str) {
        for line in text.lines() {
            self.line(6, line);
        }
    }
}

/// A value on one line, as in a document.
fn short(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => value.to_string(),
        other => yaml::write(other).trim_end().to_owned(),
    }
}
