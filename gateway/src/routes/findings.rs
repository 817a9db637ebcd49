//! What a check found, in words.

use bus_core::{Language, api::Finding, check::Problem};

/// Findings as the API says them.
pub(super) fn findings(problems: &[Problem], language: Language) -> Vec<Finding> {
    problems.iter().map(|problem| problem.finding(language)).collect()
}
