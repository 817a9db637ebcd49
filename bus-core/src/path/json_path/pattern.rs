use regex::Regex;

/// An I-Regexp (RFC 9485), compiled.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Regex);

/// Patterns that grow beyond this are refused: they come with data, too.
const MOST_BYTES: usize = 1 << 20;

impl Pattern {
    /// A pattern for whole texts, or for a part of them; `None` if it is none.
    pub(super) fn new(pattern: &str, whole: bool) -> Option<Self> {
        let plain = translate(pattern);
        let anchored = if whole { format!(r"\A(?:{plain})\z") } else { plain };
        regex::RegexBuilder::new(&anchored).size_limit(MOST_BYTES).build().ok().map(Self)
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// In an I-Regexp a dot is no line end, and in a class `[`, `&` and `~` mean themselves.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut letters = pattern.chars();
    let mut in_class = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                out.push('\\');
                out.extend(letters.next());
            }
            '.' if !in_class => out.push_str(r"[^\n\r]"),
            '[' if !in_class => {
                in_class = true;
                out.push('[');
            }
            '[' | '&' | '~' if in_class => {
                out.push('\\');
                out.push(letter);
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            _ => out.push(letter),
        }
    }
    out
}
