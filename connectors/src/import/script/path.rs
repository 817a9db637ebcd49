/// A path of the earlier bus: names, and places in lists as numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::import) struct Path(Vec<String>);

impl Path {
    /// Reads `a.b[0].c`; a leading `$`, `$.` or dots mean the whole.
    pub(in crate::import) fn read(text: &str) -> Self {
        let text = text.trim();
        let text = text.strip_prefix(['$', '£']).unwrap_or(text);
        let names = text.split(['.', '[', ']']).map(str::trim);
        let names = names.map(|name| name.trim_matches(['"', '\'']));
        Self(names.filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    pub(in crate::import) fn names(&self) -> &[String] {
        &self.0
    }

    pub(in crate::import) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is left of it below `base`.
    pub(in crate::import) fn below(&self, base: &Self) -> Option<Self> {
        Some(Self(self.0.strip_prefix(base.0.as_slice())?.to_vec()))
    }

    /// This path, and on.
    pub(in crate::import) fn join(&self, more: &Self) -> Self {
        Self([self.0.as_slice(), more.0.as_slice()].concat())
    }

    /// This path, and one name on.
    pub(in crate::import) fn then(&self, name: &str) -> Self {
        let mut names = self.0.clone();
        names.push(name.to_owned());
        Self(names)
    }

    /// As the name of a field to write: numbers are names too.
    pub(in crate::import) fn target(&self) -> String {
        let odd = |name: &String| is_place(name) || Self(vec![name.clone()]).field().starts_with('[');
        let mut out = String::new();
        for name in &self.0 {
            if odd(name) {
                out += &format!("[{}]", serde_json::Value::from(name.as_str()));
            } else {
                if !out.is_empty() {
                    out.push('.');
                }
                out += name;
            }
        }
        out
    }

    /// As a field path of ours.
    pub(in crate::import) fn field(&self) -> String {
        let mut out = String::new();
        for name in &self.0 {
            if is_place(name) {
                out += &format!("[{name}]");
            } else if !name.is_empty() && name.trim() == name && !name.contains(['.', '[', ']', '"']) {
                if !out.is_empty() {
                    out.push('.');
                }
                out += name;
            } else {
                out += &format!("[{}]", serde_json::Value::from(name.as_str()));
            }
        }
        out
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// Whether a name is a place in a list.
pub(super) fn is_place(name: &str) -> bool {
    !name.is_empty() && name.len() < 7 && name.chars().all(|letter| letter.is_ascii_digit())
}
