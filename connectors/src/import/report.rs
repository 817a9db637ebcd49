use bus_core::{
    Language, Message,
    api::{Finding, Imported, ImportedStep, Severity, Translation},
    check::{Problem, Severity as Weight},
    workflow::Workflow,
};
use serde_json::Value;
use std::fmt;
use zeroize::Zeroizing;

/// What came of an export.
#[derive(Debug, Clone)]
pub struct Import {
    /// The workflow.
    pub workflow: Workflow,
    /// What became of each component, in the order of the export.
    pub components: Vec<ImportedComponent>,
    /// What was noticed besides.
    pub findings: Vec<Problem>,
    /// What has to be kept in the vault, under the names the workflow uses.
    pub secrets: Vec<NamedSecret>,
}

/// What became of a component.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedComponent {
    /// Its id in the export.
    pub component: String,
    /// Its kind there.
    pub module: String,
    /// Its name there.
    pub name: String,
    /// The ids of the steps it became.
    pub steps: Vec<String>,
    /// How well it was translated.
    pub translation: Translation,
    /// What differs.
    pub remarks: Vec<Message>,
}

/// A password, token or key that stood in the export.
#[derive(Clone)]
pub struct NamedSecret {
    /// The name the workflow calls it by.
    pub name: String,
    value: Zeroizing<String>,
}

impl NamedSecret {
    pub(super) fn new(name: String, value: &str) -> Self {
        Self { name, value: Zeroizing::new(value.to_owned()) }
    }

    /// The value, for the vault and nothing else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.value
    }
}

impl fmt::Debug for NamedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NamedSecret").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a text is not imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportError {
    /// What is wrong.
    pub message: Message,
    /// Line and column, counted from 1, where there is a place.
    pub place: Option<(usize, usize)>,
}

impl ImportError {
    /// The whole text in `language`.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let text = self.message.text(language);
        match self.place {
            Some((line, column)) => {
                bus_core::msg!("line {line}, column {column}: ", line = line, column = column).text(language)
                    + &text
            }
            None => text,
        }
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::En))
    }
}

impl std::error::Error for ImportError {}

impl Import {
    /// What the API answers, in `language`.
    #[must_use]
    pub fn answer(&self, language: Language) -> Imported {
        Imported {
            document: self.workflow.clone(),
            steps: self.components.iter().map(|component| component.answer(language)).collect(),
            findings: self.findings.iter().map(|problem| finding(problem, language)).collect(),
        }
    }
}

impl ImportedComponent {
    fn answer(&self, language: Language) -> ImportedStep {
        ImportedStep {
            component: self.component.clone(),
            module: self.module.clone(),
            name: self.name.clone(),
            steps: self.steps.clone(),
            translation: self.translation,
            remarks: self.remarks.iter().map(|remark| remark.text(language)).collect(),
        }
    }
}

fn finding(problem: &Problem, language: Language) -> Finding {
    Finding {
        severity: match problem.severity {
            Weight::Error => Severity::Error,
            Weight::Warning => Severity::Warning,
        },
        step: problem.step.clone(),
        path: problem.field.clone(),
        message: problem.problem.text(language),
        advice: problem.advice.as_ref().map(|advice| advice.text(language)).unwrap_or_default(),
    }
}

impl Import {
    /// The report for people, several lines.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let mut lines = vec![self.head().text(language)];
        for component in &self.components {
            lines.push(format!("  {}", component.head().text(language)));
            lines.extend(component.remarks.iter().map(|remark| format!("    {}", remark.text(language))));
        }
        lines.extend(self.findings.iter().map(|finding| {
            bus_core::msg!("warning: {problem}", problem = finding.text(language)).text(language)
        }));
        if !self.secrets.is_empty() {
            let names: Vec<String> = self.secrets.iter().map(|secret| format!("`{}`", secret.name)).collect();
            let names = names.join(", ");
            lines.push(bus_core::msg!("secrets to keep in the vault: {names}", names = names).text(language));
        }
        lines.join("\n")
    }

    fn head(&self) -> Message {
        let count =
            |wanted| self.components.iter().filter(|component| component.translation == wanted).count();
        bus_core::msg!(
            "components: {count}; converted: {converted}, approximated: {approximated}, unsupported: {unsupported}",
            count = self.components.len(),
            converted = count(Translation::Converted),
            approximated = count(Translation::Approximated),
            unsupported = count(Translation::Unsupported)
        )
    }
}

impl ImportedComponent {
    fn head(&self) -> Message {
        let name = if self.name.is_empty() { &self.component } else { &self.name };
        let module = if self.module.is_empty() { "?" } else { &self.module };
        let outcome = match self.translation {
            Translation::Converted => bus_core::msg!("converted"),
            Translation::Approximated => bus_core::msg!("approximated"),
            Translation::Unsupported => bus_core::msg!("unsupported"),
        };
        let steps = if self.steps.is_empty() { "–".to_owned() } else { self.steps.join(", ") };
        bus_core::msg!(
            "{name} ({module}) -> {steps}: {outcome}",
            name = name,
            module = module,
            steps = steps,
            outcome = outcome
        )
    }
}

impl Import {
    /// Gives secrets other names where theirs are taken, in the document too: whoever has imported before keeps what
    /// is in the vault.
    pub fn keep_clear_of(&mut self, taken: &[String]) {
        let mut known: Vec<String> = taken.to_vec();
        known.extend(self.secrets.iter().map(|secret| secret.name.clone()));
        for secret in self.secrets.iter_mut().filter(|secret| taken.contains(&secret.name)) {
            let free = (2..).map(|number: u32| format!("{}-{number}", secret.name));
            let Some(name) = free.into_iter().find(|name| !known.contains(name)) else { continue };
            for step in &mut self.workflow.steps {
                step.settings.values_mut().for_each(|value| rename(value, &secret.name, &name));
            }
            known.push(name.clone());
            secret.name = name;
        }
    }
}

/// Calls a secret by another name.
fn rename(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::Object(fields) => {
            let only = fields.keys().all(|key| key == "secret" || key == "user");
            if let Some(name) = fields.get_mut("secret").filter(|name| only && *name == from) {
                *name = to.into();
            }
            fields.values_mut().for_each(|value| rename(value, from, to));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, from, to)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
