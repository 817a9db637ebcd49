/// What is known of the kind of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::import) enum Kind {
    Any,
    Text,
    Int,
    Real,
    Bool,
    List,
    Object,
    Time,
    Nothing,
}

impl Kind {
    pub(super) const fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Real)
    }

    pub(super) fn or(self, other: Self) -> Self {
        if self == other { self } else { Self::Any }
    }
}

/// How tightly an expression binds: what stands around it may need parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Conditional,
    Or,
    And,
    Relation,
    Sum,
    Product,
    Unary,
    Member,
}

/// Whether a value may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::import) enum Missing {
    /// It is there.
    Never,
    /// A field that a record may lack.
    Field,
    /// Something that cannot always be computed.
    Fails,
}

/// An expression of ours.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::import) struct Written {
    pub(in crate::import) text: String,
    pub(in crate::import) kind: Kind,
    pub(super) level: Level,
    pub(in crate::import) missing: Missing,
    /// A field as an optional value.
    pub(super) optional: Option<String>,
}

impl Written {
    pub(super) fn new(text: impl Into<String>, kind: Kind, level: Level) -> Self {
        Self { text: text.into(), kind, level, missing: Missing::Fails, optional: None }
    }

    /// Something that binds tightest.
    pub(super) fn call(text: impl Into<String>, kind: Kind) -> Self {
        Self::new(text, kind, Level::Member)
    }

    pub(super) fn sure(mut self) -> Self {
        self.missing = Missing::Never;
        self
    }

    /// The text, in parentheses where it binds less than `level`.
    pub(super) fn within(&self, level: Level) -> String {
        if self.level < level { format!("({})", self.text) } else { self.text.clone() }
    }

    /// The value, or null where it is missing.
    pub(in crate::import) fn or_null(&self) -> Self {
        let text = match self.missing {
            Missing::Never => return self.clone(),
            Missing::Field => format!("default({}, null)", self.text),
            Missing::Fails => format!("try({}, null)", self.text),
        };
        Self { text, kind: self.kind, level: Level::Member, missing: Missing::Never, optional: None }
    }
}

/// What patterns are made of.
impl Written {
    pub(in crate::import) fn text(text: &str) -> Self {
        Self::call(quoted(text), Kind::Text).sure()
    }

    pub(in crate::import) fn list(items: &[String]) -> Self {
        Self::call(format!("[{}]", items.join(", ")), Kind::List).sure()
    }

    pub(in crate::import) fn object(fields: &[String]) -> Self {
        Self::call(object_text(fields), Kind::Object)
    }

    /// A number, a switch, or nothing.
    pub(in crate::import) fn literal(value: &serde_json::Value) -> Self {
        Self::call(value.to_string(), Kind::Any).sure()
    }

    /// Values as one text.
    pub(in crate::import) fn joined(parts: &[Self]) -> Self {
        let texts: Vec<String> = parts.iter().map(|part| part.or_null().text).collect();
        Self::call(format!("concat({})", texts.join(", ")), Kind::Text).sure()
    }

    /// Something that can always be computed.
    pub(in crate::import) fn certain(text: String, kind: Kind) -> Self {
        Self::call(text, kind).sure()
    }
}

/// A text as a literal.
pub(in crate::import) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if letter.is_control() => out += &format!("\\u{:04x}", u32::from(letter)),
            _ => out.push(letter),
        }
    }
    out.push('"');
    out
}

pub(super) fn object_text(fields: &[String]) -> String {
    format!("{{{}}}", fields.join(", "))
}

/// A field of an object; one that is missing is left out, as in JSON.
pub(in crate::import) fn entry(key: &str, value: &Written) -> String {
    let key = quoted(key);
    match value.missing {
        Missing::Never => format!("{key}: {}", value.text),
        _ => match &value.optional {
            Some(optional) => format!("?{key}: {optional}"),
            None => format!("{key}: try({}, null)", value.text),
        },
    }
}

/// A number of JavaScript as one of ours.
pub(super) fn number(text: &str) -> Written {
    if text.starts_with("0x") || text.starts_with("0X") {
        return Written::call(text, Kind::Int).sure();
    }
    if text.contains(['.', 'e', 'E']) {
        let text = if text.starts_with('.') { format!("0{text}") } else { text.to_owned() };
        let text = match text.strip_suffix('.') {
            Some(whole) => format!("{whole}.0"),
            None => text.replace(".e", ".0e").replace(".E", ".0e"),
        };
        return Written::call(text, Kind::Real).sure();
    }
    let whole = text.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if whole.parse::<i64>().is_err() {
        return Written::call(format!("{whole}.0"), Kind::Real).sure();
    }
    Written::call(whole, Kind::Int).sure()
}
