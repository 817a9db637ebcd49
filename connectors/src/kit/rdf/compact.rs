use super::iri::scheme;
use serde_json::{Map, Value as Json, json};

/// Short names for the beginnings of IRIs, and how IRIs are written with them (JSON-LD compact IRIs).
#[derive(Debug, Clone, Default)]
pub(crate) struct Prefixes {
    /// Name and IRI, the longest IRI first.
    list: Vec<(String, String)>,
    /// What names without a prefix stand for (`@vocab`).
    vocabulary: Option<String>,
}

impl Prefixes {
    /// Takes a prefix; the empty name is the vocabulary. Whether anything changed.
    pub(crate) fn set(&mut self, name: &str, iri: &str) -> bool {
        if name.is_empty() {
            let changed = self.vocabulary.as_deref() != Some(iri);
            self.vocabulary = (!iri.is_empty()).then(|| iri.to_owned());
            return changed;
        }
        if iri.is_empty() || self.list.iter().any(|known| known.0 == name && known.1 == iri) {
            return false;
        }
        self.list.retain(|known| known.0 != name);
        let place = self.list.iter().position(|known| known.1.len() < iri.len()).unwrap_or(self.list.len());
        self.list.insert(place, (name.to_owned(), iri.to_owned()));
        true
    }

    /// Forgets the prefix that an IRI would be taken for: `geo:48.1,2.3` where `geo` is a prefix, although
    /// the IRI has that scheme. Whether there was one.
    pub(crate) fn drop_confused(&mut self, iri: &str) -> bool {
        let Some(scheme) = scheme(iri) else { return false };
        let confused = |known: &(String, String)| {
            known.0 == scheme && !iri.get(scheme.len() + 1..).is_some_and(|rest| rest.starts_with("//"))
        };
        match self.list.iter().position(confused) {
            Some(place) => {
                self.list.remove(place);
                true
            }
            None => false,
        }
    }

    /// Writes `iri` the short way if there is one; `vocabulary` for properties and types.
    pub(crate) fn compact(&self, iri: &str, vocabulary: bool, out: &mut String) {
        if vocabulary
            && let Some(name) = self.vocabulary.as_deref().and_then(|start| iri.strip_prefix(start))
            && self.is_plain_name(name)
        {
            return out.push_str(name);
        }
        for (prefix, start) in &self.list {
            if let Some(name) = iri.strip_prefix(start.as_str())
                && !name.is_empty()
                && !name.starts_with("//")
            {
                out.push_str(prefix);
                out.push(':');
                return out.push_str(name);
            }
        }
        out.push_str(iri);
    }

    fn is_plain_name(&self, name: &str) -> bool {
        !name.is_empty()
            && !name.starts_with('@')
            && !name.contains(':')
            && !self.list.iter().any(|(prefix, _)| prefix == name)
    }

    /// The entries of a JSON-LD context that say the same.
    pub(crate) fn context(&self) -> Map<String, Json> {
        let mut context = Map::new();
        if let Some(vocabulary) = &self.vocabulary {
            context.insert("@vocab".to_owned(), vocabulary.as_str().into());
        }
        for (name, iri) in self.list.iter().rev() {
            let simple = iri.ends_with([':', '/', '?', '#', '[', ']', '@']);
            let entry = if simple { iri.as_str().into() } else { json!({ "@id": iri, "@prefix": true }) };
            context.insert(name.clone(), entry);
        }
        context
    }
}
