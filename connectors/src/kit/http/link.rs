use url::Url;

/// The target of the link with relation `next` in `Link` headers (RFC 8288), resolved against `base`.
pub(super) fn next<'a>(headers: impl Iterator<Item = &'a str>, base: &Url) -> Option<Url> {
    headers.flat_map(links).find(|link| link.is_next).and_then(|link| base.join(&link.target).ok())
}

struct Link {
    target: String,
    is_next: bool,
}

/// The links of one header: `<target>; rel="next last"; title="a, b", <other>; …`.
fn links(header: &str) -> Vec<Link> {
    let mut links = Vec::new();
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((target, after)) = after.split_once('>') else { break };
        let (parameters, after) = parameters(after);
        // of several relations only the first counts (§3.3)
        let relation = parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case("rel"));
        let is_next = relation.is_some_and(|(_, relations)| {
            relations.split_whitespace().any(|relation| relation.eq_ignore_ascii_case("next"))
        });
        // a link of something else than the answer itself (§3.2) leads nowhere here
        let foreign = parameters.iter().any(|(name, _)| name.eq_ignore_ascii_case("anchor"));
        links.push(Link { target: target.trim().to_owned(), is_next: is_next && !foreign });
        rest = after;
    }
    links
}

/// The parameters up to the comma that ends the link, and what follows it.
fn parameters(mut text: &str) -> (Vec<(String, String)>, &str) {
    let mut found = Vec::new();
    loop {
        text = text.trim_start();
        let Some(after) = text.strip_prefix(';') else { break };
        let end = after.find(['=', ';', ',']).unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        let (value, after) = match after.strip_prefix('=') {
            Some(after) => value(after.trim_start()),
            None => (String::new(), after),
        };
        found.push((name.trim().to_owned(), value));
        text = after;
    }
    (found, text.strip_prefix(',').unwrap_or(text))
}

/// A token or a quoted string, and what follows.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ',']).unwrap_or(text.len());
        let (token, after) = text.split_at(end);
        return (token.trim().to_owned(), after);
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((place, letter)) = letters.next() {
        match letter {
            '"' => return (value, quoted.get(place + 1..).unwrap_or_default()),
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            letter => value.push(letter),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_is_found() {
        let base = Url::parse("https://api.example.org/items?page=1").unwrap();
        let next = |header: &str| next([header].into_iter(), &base).map(|url| url.to_string());
        for (header, target) in [
            (r#"<https://a.b/2>; rel="next""#, Some("https://a.b/2")),
            (r#"<?page=2>; rel=next, <?page=9>; rel=last"#, Some("https://api.example.org/items?page=2")),
            (
                r#"<?page=0>; rel="prev first", </x?a=1,2>; title="a, \"b\"; c"; REL="last NEXT""#,
                Some("https://api.example.org/x?a=1,2"),
            ),
            (r#"<?page=2>; rel="nextish""#, None),
            (r#"<?page=2>; rel="prev"; rel="next""#, None),
            (r#"<?page=2>; anchor="/other"; rel="next""#, None),
            (r#"<?page=2; rel=next"#, None),
            ("", None),
        ] {
            assert_eq!(next(header).as_deref(), target, "{header}");
        }
    }
}
