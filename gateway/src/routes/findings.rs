//! What a check found, in words.

use bus_core::{
    Language,
    api::{Finding, Severity},
    check::{self, Problem},
};

/// Findings as the API says them.
pub(super) fn findings(problems: &[Problem], language: Language) -> Vec<Finding> {
    problems.iter().map(|problem| finding(problem, language)).collect()
}

fn finding(problem: &Problem, language: Language) -> Finding {
    // within a step, a place is one of its settings
    let path = match &problem.step {
        Some(_) => problem.field.strip_prefix("settings.").unwrap_or(&problem.field),
        None => &problem.field,
    };
    Finding {
        severity: match problem.severity {
            check::Severity::Error => Severity::Error,
            check::Severity::Warning => Severity::Warning,
        },
        step: problem.step.clone(),
        path: path.to_owned(),
        message: problem.problem.text(language),
        advice: problem.advice.as_ref().map(|advice| advice.text(language)).unwrap_or_default(),
    }
}
