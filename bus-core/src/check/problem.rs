use crate::{Language, Message, api::Finding, workflow::expand::INSIDE, yaml::Place};
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

    /// The problem as the HTTP API says it: with the path in the step's settings, which is where a form shows it.
    ///
    /// What is wrong with a step but not with its settings (its id, its links) has no path. What is wrong inside a
    /// workflow that is used as a step is told of that step, which is what the document has.
    #[must_use]
    pub fn finding(&self, language: Language) -> Finding {
        let mut message = self.problem.text(language);
        let mut step = self.step.clone();
        let mut path = match &self.step {
            Some(_) => self.field.strip_prefix("settings").map_or("", |path| path.trim_start_matches('.')),
            None => &self.field,
        };
        if let Some((outer, inner)) = self.step.as_deref().and_then(|step| step.split_once(INSIDE)) {
            let place = crate::msg!("step \"{step}\": ", step = inner).text(language);
            (step, path, message) = (Some(outer.to_owned()), "workflow", place + &message);
        }
        Finding {
            severity: match self.severity {
                Severity::Error => crate::api::Severity::Error,
                Severity::Warning => crate::api::Severity::Warning,
            },
            step,
            path: path.to_owned(),
            message,
            advice: self.advice.as_ref().map(|advice| advice.text(language)).unwrap_or_default(),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msg;

    #[test]
    fn a_finding_points_into_the_settings_of_its_step() {
        for (step, field, path) in [
            (Some("a"), "settings.format.csv.delimiter", "format.csv.delimiter"),
            (Some("a"), "settings[\"odd.name\"]", "[\"odd.name\"]"),
            (Some("a"), "settings", ""),
            (Some("a"), "connector", ""),
            (None, "triggers[0].schedule.cron", "triggers[0].schedule.cron"),
        ] {
            let mut problem =
                Problem::error(msg!("a text is needed here")).field(field).advice(msg!("remove it"));
            problem.step = step.map(str::to_owned);
            let finding = problem.as_warning().finding(Language::Fr);
            assert_eq!((finding.step.as_deref(), finding.path.as_str()), (step, path));
            assert_eq!(finding.severity, crate::api::Severity::Warning);
            assert_eq!(
                (finding.message.as_str(), finding.advice.as_str()),
                ("il faut un texte ici", "supprimez-le")
            );
        }
    }

    #[test]
    fn a_finding_inside_of_a_workflow_is_one_of_the_step_that_stands_for_it() {
        let problem = Problem::error(msg!("a text is needed here")).step("a~b~c").field("settings.path");
        let finding = problem.finding(Language::En);
        assert_eq!((finding.step.as_deref(), finding.path.as_str()), (Some("a"), "workflow"));
        assert_eq!(finding.message, "step \"b~c\": a text is needed here");
    }
}
