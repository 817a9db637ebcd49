use std::fmt::Write as _;

/// A page of HTML being written. Everything that is said is escaped.
#[derive(Debug, Default)]
pub(super) struct Html(String);

impl Html {
    pub(super) fn finish(self) -> String {
        self.0
    }

    /// Markup of ours, as it is.
    pub(super) fn raw(&mut self, markup: &str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// An element with attributes that holds what `inside` writes.
    pub(super) fn element(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
        inside: impl FnOnce(&mut Self),
    ) -> &mut Self {
        write!(self.0, "<{name}").unwrap_or_default();
        for (attribute, value) in attributes {
            write!(self.0, " {attribute}=\"").unwrap_or_default();
            self.escaped(value);
            self.0.push('"');
        }
        self.0.push('>');
        inside(self);
        writeln!(self.0, "</{name}>").unwrap_or_default();
        self
    }

    /// An element that holds a text.
    pub(super) fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.element(name, &[], |html| {
            html.said(text);
        })
    }

    /// A text in which backticks mark what is written as it stands.
    pub(super) fn said(&mut self, text: &str) -> &mut Self {
        let closed = text.matches('`').count() / 2 * 2;
        for (place, part) in text.split('`').enumerate() {
            match (place % 2 == 1, place <= closed) {
                (true, true) => {
                    self.raw("<code>").escaped(part).raw("</code>");
                }
                (false, _) => {
                    self.escaped(part);
                }
                (true, false) => {
                    self.raw("`").escaped(part);
                }
            }
        }
        self
    }

    /// Paragraphs, and lists of lines that begin with a dash.
    pub(super) fn paragraphs(&mut self, text: &str) -> &mut Self {
        for paragraph in text.split("\n\n").filter(|it| !it.trim().is_empty()) {
            let lines: Vec<&str> = paragraph.lines().collect();
            let items = lines.iter().filter_map(|line| line.strip_prefix("- ")).collect::<Vec<_>>();
            if items.len() == lines.len() {
                self.element("ul", &[], |html| {
                    for item in items {
                        html.text("li", item);
                    }
                });
            } else {
                self.text("p", &lines.join(" "));
            }
        }
        self
    }

    /// Text as it stands: code, data.
    pub(super) fn block(&mut self, text: &str) -> &mut Self {
        self.element("pre", &[], |html| {
            html.raw("<code>").escaped(text.trim_end()).raw("</code>");
        })
    }

    pub(super) fn escaped(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            match letter {
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '&' => self.0.push_str("&amp;"),
                '"' => self.0.push_str("&quot;"),
                other => self.0.push(other),
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_escaped() {
        let mut html = Html::default();
        html.text("p", "`a<b>` & \"c\" `open").paragraphs("- one\n- two\n\nthree\nfour");
        assert_eq!(
            html.finish(),
            "<p><code>a&lt;b&gt;</code> &amp; &quot;c&quot; `open</p>\n\
             <ul><li>one</li>\n<li>two</li>\n</ul>\n<p>three four</p>\n"
        );
    }
}
