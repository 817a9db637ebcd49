use crate::texts::Texts;
use bus_core::api::{Finding, Problem};

/// Why a call gave nothing, for whoever made it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    /// The HTTP status; 0 if there was no answer, or only one of a proxy that has none.
    pub(crate) status: u16,
    /// What happened and what to do.
    pub(crate) text: String,
    /// What is wrong at which place.
    pub(crate) findings: Vec<Finding>,
    /// After a conflict: the revision that stands now.
    pub(crate) revision: Option<u64>,
}

impl Refusal {
    /// What the server says of a call it refused: problem details (RFC 9457), or else its status.
    pub(super) fn of(status: u16, body: &str, texts: Texts) -> Self {
        let Ok(problem) = serde_json::from_str::<Problem>(body) else {
            let text = format!("{} ({status})", texts.odd_answer());
            return Self { text, status: if status < 500 { status } else { 0 }, ..Self::odd(texts) };
        };
        let text = if problem.detail.is_empty() { problem.title } else { problem.detail };
        Self { status, text, findings: problem.findings, revision: problem.revision }
    }

    /// There was no answer.
    pub(super) fn offline(texts: Texts) -> Self {
        Self { status: 0, text: texts.offline().to_owned(), findings: Vec::new(), revision: None }
    }

    /// There was an answer that cannot be read.
    pub(super) fn odd(texts: Texts) -> Self {
        Self { text: texts.odd_answer().to_owned(), ..Self::offline(texts) }
    }

    /// Whether whoever calls must sign in (again).
    pub(crate) const fn signed_out(&self) -> bool {
        self.status == 401
    }

    /// Whether somebody else was faster.
    pub(crate) const fn conflict(&self) -> bool {
        self.status == 412
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus_core::Language;

    #[test]
    fn problem_details_become_a_message() {
        let body = r#"{"type":"/problems/conflict","title":"Conflict","status":412,"detail":"saved by Ada","revision":7}"#;
        let refusal = Refusal::of(412, body, Texts(Language::En));
        assert_eq!(
            (refusal.text.as_str(), refusal.revision, refusal.conflict()),
            ("saved by Ada", Some(7), true)
        );
    }

    #[test]
    fn an_answer_of_something_else_is_told_with_its_status() {
        let refusal = Refusal::of(502, "<html>Bad gateway", Texts(Language::En));
        assert!(refusal.text.ends_with("(502)"), "{}", refusal.text);
        assert_eq!(refusal.status, 0, "the server has said nothing");
    }
}
