/// A pattern of topics as in AMQP topic exchanges: words parted by dots, `*` for one word, `#` for any
/// number of words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<Box<str>>);

impl Pattern {
    /// A pattern.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        Self(pattern.split('.').map(Into::into).collect())
    }

    /// The pattern as it is written.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.join(".")
    }

    /// Whether a topic is meant.
    #[must_use]
    pub fn matches(&self, topic: &str) -> bool {
        let words: Vec<_> = topic.split('.').collect();
        fits(&self.0, &words)
    }
}

fn fits(pattern: &[Box<str>], words: &[&str]) -> bool {
    match pattern.split_first() {
        None => words.is_empty(),
        Some((first, rest)) if &**first == "#" => {
            (0..=words.len()).any(|skip| words.get(skip..).is_some_and(|words| fits(rest, words)))
        }
        Some((first, rest)) => words
            .split_first()
            .is_some_and(|(word, words)| (&**first == "*" || &**first == *word) && fits(rest, words)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_in_amqp() {
        for (pattern, topic, expected) in [
            ("run.w1.r1.step", "run.w1.r1.step", true),
            ("run.w1.*.step", "run.w1.r1.step", true),
            ("run.w1.*", "run.w1.r1.step", false),
            ("run.w1.#", "run.w1.r1.step", true),
            ("run.#", "run", true),
            ("#.step", "run.w1.r1.step", true),
            ("*", "", true),
            ("run.#.step", "run.step", true),
            ("edit.*", "run.w1", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches(topic), expected, "{pattern} {topic}");
        }
    }
}
