use crate::{Language, Message, yaml::Place};
use serde::Serialize;
use std::fmt;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The workflow cannot run.
    Error,
    /// It can run, but probably not as meant.
    Warning,
}

/// Something wrong with a workflow: place, problem, advice.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Where it stands in the text, if there is a text.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// The step, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The path of the part of the document (`settings.format.csv.delimiter` within a step, otherwise
    /// `parameters.region`); empty for the whole.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// What is wrong.
    pub problem: Message,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<Message>,
}

impl Problem {
    /// An error about the document as a whole.
    #[must_use]
    pub const fn error(problem: Message) -> Self {
        Self {
            severity: Severity::Error,
            place: None,
            step: None,
            field: String::new(),
            problem,
            advice: None,
        }
    }

    /// The same problem, as a warning.
    #[must_use]
    pub const fn as_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The same problem, with the path of what it is about.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = field.into();
        self
    }

    /// The same problem, with the step it is about.
    #[must_use]
    pub fn step(mut self, step: impl Into<String>) -> Self {
        self.step = Some(step.into());
        self
    }

    /// The same problem, with what to do about it.
    #[must_use]
    pub fn advice(mut self, advice: impl Into<Option<Message>>) -> Self {
        self.advice = advice.into();
        self
    }

    /// The same problem, with its place in the text.
    #[must_use]
    pub const fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    /// Whether it keeps the workflow from running.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The whole text in `language`, on one line: `line 12, column 5: step "stations":
    /// settings.path: …; …`.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let mut out = String::new();
        if let Some(Place { line, column }) = self.place {
            out +=
                &crate::msg!("line {line}, column {column}: ", line = line, column = column).text(language);
        }
        if let Some(step) = &self.step {
            out += &crate::msg!("step \"{step}\": ", step = step).text(language);
        }
        if !self.field.is_empty() {
            out += &crate::msg!("{field}: ", field = &self.field).text(language);
        }
        out += &self.problem.text(language);
        if let Some(advice) = &self.advice {
            out += &crate::msg!("; {advice}", advice = advice.clone()).text(language);
        }
        out
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Language::En))
    }
}
