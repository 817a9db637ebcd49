/// The text with its HTML character references decoded: `caf&eacute; &amp; th&#233;` becomes `café & thé`.
#[must_use]
pub fn decode(text: &str) -> String {
    htmlize::unescape(text).into_owned()
}

/// The text as it must stand in HTML: `&`, `<`, `>` and quotes as character references.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(char),
        }
    }
    out
}

/// The text of a piece of HTML: tags, comments, scripts and styles removed, references decoded, a line
/// end for each `<br>` and each end of a block, runs of spaces collapsed.
#[must_use]
pub fn strip(html: &str) -> String {
    let mut raw = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        raw.push_str(before);
        match markup(after) {
            Some((name, end)) => {
                let after = after.get(end..).unwrap_or_default();
                rest = match name.to_ascii_lowercase().as_str() {
                    silent @ ("script" | "style" | "template") => skip_to_end_tag(after, silent),
                    name => {
                        if breaks_line(name) {
                            raw.push('\u{1}');
                        }
                        after
                    }
                };
            }
            None => {
                raw.push('<');
                rest = after;
            }
        }
    }
    raw.push_str(rest);
    lines(&decode(&raw))
}

/// Spaces collapsed in each line, empty lines left out. Line ends of the source are spaces in HTML;
/// only those that a tag stands for (U+0001) count.
fn lines(text: &str) -> String {
    let lines = text.split('\u{1}').map(super::collapse_spaces).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// The name of the tag that begins after `<`, with where it ends; `None` if no tag begins there.
fn markup(after: &str) -> Option<(&str, usize)> {
    if let Some(comment) = after.strip_prefix("!--") {
        return Some(("", comment.find("-->").map_or(after.len(), |end| end + "!--".len() + "-->".len())));
    }
    let name_start = usize::from(after.starts_with('/'));
    let first = after.get(name_start..)?.chars().next()?;
    if !(first.is_ascii_alphabetic() || (name_start == 0 && matches!(first, '!' | '?'))) {
        return None;
    }
    let body = after.get(name_start..)?;
    let name_length =
        body.find(|char: char| char.is_whitespace() || matches!(char, '>' | '/')).unwrap_or(body.len());
    Some((body.get(..name_length)?, end_of_tag(after)))
}

/// Where the tag ends: behind the first `>` outside quotes.
fn end_of_tag(after: &str) -> usize {
    let mut quote = None;
    let mut value = false;
    for (place, byte) in after.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') if value => quote = Some(byte),
            (None, b'>') => return place + 1,
            (None, b'=') => value = true,
            (None, _) if !byte.is_ascii_whitespace() => value = false,
            (None, _) => {}
        }
    }
    after.len()
}

fn skip_to_end_tag<'a>(text: &'a str, name: &str) -> &'a str {
    let mut from = 0;
    while let Some(place) = text.get(from..).and_then(|rest| rest.find("</")) {
        let start = from + place + 2;
        let tag = text.get(start..start + name.len()).unwrap_or_default();
        if tag.eq_ignore_ascii_case(name) {
            return text.get(start..).and_then(|rest| rest.split_once('>')).map_or("", |(_, after)| after);
        }
        from = start;
    }
    ""
}

fn breaks_line(name: &str) -> bool {
    const BLOCKS: &[&str] = &[
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    ];
    BLOCKS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        assert_eq!(decode("caf&eacute; &amp; th&#233; &#x20AC; &nope; &lt"), "café & thé € &nope; <");
        assert_eq!(decode(&escape("<a href=\"x\">'&'</a>")), "<a href=\"x\">'&'</a>");
    }

    #[test]
    fn text_of_html() {
        for (html, text) in [
            ("<p>Un <b>beau</b>\n texte.</p><p>Deux&nbsp;!</p>", "Un beau texte.\nDeux !"),
            ("a<br/>b<br>c", "a\nb\nc"),
            ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
            ("<script>if (a < b) { x('</b>') }</script>ok<style>p{}</style>", "ok"),
            ("<!-- <p>no</p> -->yes", "yes"),
            ("<a title=\"a > b\" href='x'>link</a>", "link"),
            ("cut <a href=\"", "cut"),
            ("&lt;b&gt;", "<b>"),
        ] {
            assert_eq!(strip(html), text, "{html}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn never_stops_on_any_text(text in "[<>/!a-z\"'= &;#é-]{0,60}") {
            proptest::prop_assert!(!strip(&text).contains('\x01'));
        }
    }
}
