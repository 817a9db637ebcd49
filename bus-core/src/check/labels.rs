use super::Check;
use crate::{Message, msg};

/// Most letters of a label: it ends the name of a queue.
const LONGEST: usize = 60;

impl Check<'_> {
    /// Labels that no worker can have.
    pub(super) fn labels(&mut self) {
        if let Some((problem, advice)) = odd(&self.workflow.label) {
            let problem = self.error("label", problem).advice(advice);
            self.found.push(problem);
        }
        for index in 0..self.workflow.steps.len() {
            let label = self.workflow.steps.get(index).map_or("", |step| step.label.as_str());
            if let Some((problem, advice)) = odd(label) {
                let problem = self.step_error(index, "label", problem).advice(advice);
                self.found.push(problem);
            }
        }
    }
}

/// Why a text cannot be a label, and what to do; `None` if it can or if it is empty.
fn odd(label: &str) -> Option<(Message, Message)> {
    (!label.is_empty() && !is_label(label)).then(|| {
        (
            msg!("`{label}` cannot be the label of a worker", label = label),
            msg!("use small letters, digits and `-`, {most} at most", most = LONGEST),
        )
    })
}

/// Whether a text can be the label of a worker: small letters, digits and `-`.
#[must_use]
pub fn is_label(text: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    !text.is_empty() && text.len() <= LONGEST && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::is_label;

    #[test]
    fn labels_are_plain_words() {
        for good in ["usine", "site-2", "a"] {
            assert!(is_label(good), "{good}");
        }
        let long = "x".repeat(61);
        for bad in ["", "Usine", "a b", "a.b", "é", "#", long.as_str()] {
            assert!(!is_label(bad), "{bad}");
        }
    }
}
