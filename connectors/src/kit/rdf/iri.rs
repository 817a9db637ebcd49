use oxiri::Iri;

/// Bytes that no IRI holds: controls, space, `<>"{}|^` and the backquote and backslash.
pub(super) const NO_IRI: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte: u8 = 0;
    while byte < u8::MAX {
        table[byte as usize] = !is_iri_byte(byte);
        byte += 1;
    }
    table
};

/// Whether the text can stand as an IRI reference, absolute or not, as far as a quick look tells.
pub(crate) fn is_iri(text: &str) -> bool {
    // without an early end the compiler looks at many bytes at a time
    let (mut odd, mut fragments) = (0, 0_usize);
    for byte in text.bytes() {
        odd |= u8::from(!is_iri_byte(byte));
        fragments += usize::from(byte == b'#');
    }
    odd == 0 && fragments < 2
}

/// Whether the byte can stand in an IRI: see [`NO_IRI`].
pub(crate) const fn is_iri_byte(byte: u8) -> bool {
    !((byte <= 0x20)
        | (byte == b'<')
        | (byte == b'>')
        | (byte == b'"')
        | (byte == b'{')
        | (byte == b'}')
        | (byte == b'|')
        | (byte == b'^')
        | (byte == b'`')
        | (byte == b'\\'))
}

/// Whether the text is an absolute IRI by all of RFC 3987.
pub(crate) fn is_strict_iri(text: &str) -> bool {
    Iri::parse(text).is_ok()
}

/// Whether the text begins with a scheme (`https:`, `urn:`).
pub(crate) fn is_absolute(iri: &str) -> bool {
    scheme(iri).is_some()
}

/// The scheme of an absolute IRI, without the colon.
pub(crate) fn scheme(iri: &str) -> Option<&str> {
    let mut bytes = iri.bytes();
    if !bytes.next()?.is_ascii_alphabetic() {
        return None;
    }
    let end = 1 + bytes.position(|byte| !(byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)))?;
    if iri.as_bytes().get(end) == Some(&b':') { iri.get(..end) } else { None }
}

/// What relative IRIs are resolved against.
#[derive(Debug, Clone, Default)]
pub(crate) struct Base(Option<Bases>);

/// The base as it is, for references without a path, and without dot segments in its folder, for the others.
#[derive(Debug, Clone)]
struct Bases {
    raw: Iri<String>,
    clean: Iri<String>,
}

impl Base {
    /// A base; `None` if the text is not an absolute IRI.
    pub(crate) fn parse(iri: &str) -> Option<Self> {
        let raw = Iri::parse(iri.to_owned()).ok()?;
        let path = iri.find(['?', '#']).and_then(|end| iri.get(..end)).unwrap_or(iri);
        let clean = match path.rsplit_once('/') {
            Some((folder, _)) if folder.contains("/.") => {
                Iri::parse(without_dots(&format!("{folder}/x"))).unwrap_or_else(|_| raw.clone())
            }
            _ => raw.clone(),
        };
        Some(Self(Some(Bases { raw, clean })))
    }

    /// Writes the absolute IRI that `iri` stands for; `false` if it is relative and there is no base, or
    /// if it is no IRI.
    pub(crate) fn resolve(&self, iri: &str, out: &mut String) -> bool {
        if !is_iri(iri) {
            return false;
        }
        match &self.0 {
            Some(base) if !is_absolute(iri) => {
                let start = out.len();
                let bare = iri.is_empty() || iri.starts_with(['?', '#']);
                let base = if bare { &base.raw } else { &base.clean };
                let done = base.resolve_into(iri, out).is_ok();
                if !done {
                    out.truncate(start);
                } else if !bare && out.get(start..).is_some_and(|iri| iri.contains("/.")) {
                    let clean = without_dots(out.get(start..).unwrap_or_default());
                    out.truncate(start);
                    out.push_str(&clean);
                }
                done
            }
            _ => {
                out.push_str(iri);
                is_absolute(iri)
            }
        }
    }
}

/// RFC 3986, 5.2.4: `.` and `..` go from the path, also where they came from the base.
fn without_dots(iri: &str) -> String {
    let path = scheme(iri).map_or(0, |scheme| scheme.len() + 1);
    let rest = iri.get(path..).unwrap_or_default();
    let path = match rest.strip_prefix("//") {
        Some(authority) => path + 2 + authority.find(['/', '?', '#']).unwrap_or(authority.len()),
        None => path,
    };
    let rest = iri.get(path..).unwrap_or_default();
    let (segments, tail) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    let mut kept: Vec<&str> = Vec::new();
    let mut parts = segments.split('/').peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        match part {
            "." | ".." => {
                if part == ".." && kept.len() > 1 {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            part => kept.push(part),
        }
    }
    format!("{}{}{tail}", iri.get(..path).unwrap_or_default(), kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes() {
        assert_eq!(scheme("https://example.org/"), Some("https"));
        assert_eq!(scheme("urn:x"), Some("urn"));
        assert_eq!(scheme("2001:db8::3"), None);
        assert_eq!(scheme("a/b:c"), None);
        assert_eq!(scheme(""), None);
    }

    #[test]
    fn relative_to_a_base() {
        let base = Base::parse("https://example.org/a/b").unwrap_or_default();
        let mut out = String::new();
        assert!(base.resolve("../c#d", &mut out));
        assert_eq!(out, "https://example.org/c#d");
        let dotted = Base::parse("http://a/bb/ccc/./d;p?q").unwrap_or_default();
        for (iri, wanted) in
            [("../g", "http://a/bb/g"), ("?y", "http://a/bb/ccc/./d;p?y"), ("g", "http://a/bb/ccc/g")]
        {
            out.clear();
            assert!(dotted.resolve(iri, &mut out));
            assert_eq!(out, wanted);
        }
        assert_eq!(without_dots("http://a/bb/ccc/./../g?y/./x#s/../x"), "http://a/bb/g?y/./x#s/../x");
        assert_eq!(without_dots("http://a/b/.."), "http://a/");
        assert!(!Base::default().resolve("c", &mut String::new()));
        assert!(!base.resolve("a b", &mut String::new()));
    }
}
