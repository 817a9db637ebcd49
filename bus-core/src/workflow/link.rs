use crate::catalogue::{IN, OUT};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::{borrow::Cow, fmt};

/// A link: the records that leave one port reach another.
///
/// Written `a -> b`, `a.errors -> join.left`, or `{ from: a.errors, to: join.left }`; without a port,
/// `out` and `in` are meant. A chain `a -> b -> c` is two links.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The output port the records leave.
    #[serde(serialize_with = "write_output")]
    pub from: Port,
    /// The input port they reach.
    #[serde(serialize_with = "write_input")]
    pub to: Port,
}

/// A port of a step.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Port {
    /// The step's id.
    pub step: String,
    /// The port's name.
    pub port: String,
}

impl Port {
    /// A port.
    #[must_use]
    pub fn new(step: impl Into<String>, port: impl Into<String>) -> Self {
        Self { step: step.into(), port: port.into() }
    }

    /// Reads `step` or `step.port`; without a port, `usual` is meant.
    fn read(text: &str, usual: &str) -> Self {
        match text.split_once('.') {
            Some((step, port)) => Self::new(step.trim(), port.trim()),
            None => Self::new(text.trim(), usual),
        }
    }

    fn write(&self, usual: &str) -> String {
        if self.port == usual { self.step.clone() } else { self.to_string() }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.step, self.port)
    }
}

impl Link {
    /// A link.
    #[must_use]
    pub const fn new(from: Port, to: Port) -> Self {
        Self { from, to }
    }

    /// A link between the usual ports of two steps.
    #[must_use]
    pub fn between(from: &str, to: &str) -> Self {
        Self { from: Port::new(from, OUT), to: Port::new(to, IN) }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.from.write(OUT), self.to.write(IN))
    }
}

fn write_output<S: Serializer>(port: &Port, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&port.write(OUT))
}

fn write_input<S: Serializer>(port: &Port, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&port.write(IN))
}

/// One entry of `links` as written: one link, or a chain of them.
#[derive(Debug)]
pub(super) struct Written(pub(super) Vec<Link>);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Pair {
    /// # From
    ///
    /// `step` or `step.port`; without a port, `out` is meant.
    from: String,
    /// # To
    ///
    /// `step` or `step.port`; without a port, `in` is meant.
    to: String,
}

impl Pair {
    fn link(&self) -> Link {
        Link::new(Port::read(&self.from, OUT), Port::read(&self.to, IN))
    }
}

impl<'de> Deserialize<'de> for Link {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Pair::deserialize(deserializer).map(|pair| pair.link())
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => chain(&text).map(Self).ok_or_else(|| {
                D::Error::custom(format!(
                    "`{text}` is not a link: write `step -> step` or `step.port -> step.port`"
                ))
            }),
            other => {
                let pair: Pair = serde_json::from_value(other).map_err(D::Error::custom)?;
                Ok(Self(vec![pair.link()]))
            }
        }
    }
}

/// Reads `a -> b.left`, or a chain `a -> b -> c`.
pub(super) fn chain(text: &str) -> Option<Vec<Link>> {
    let stations: Vec<&str> = text.split("->").map(str::trim).collect();
    if stations.len() < 2 || stations.iter().any(|station| station.is_empty()) {
        return None;
    }
    let pairs = stations.windows(2).filter_map(|pair| match pair {
        [from, to] => Some((*from, *to)),
        _ => None,
    });
    let last = stations.len() - 2;
    pairs
        .enumerate()
        .map(|(place, (from, to))| {
            // a port in the middle of a chain could be an input or an output
            let clear = (place == 0 || !from.contains('.')) && (place == last || !to.contains('.'));
            clear.then(|| Link::new(Port::read(from, OUT), Port::read(to, IN)))
        })
        .collect()
}

/// Reads the list of links, chains taken apart.
pub(super) fn links<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Link>, D::Error> {
    let written = Vec::<Written>::deserialize(deserializer)?;
    Ok(written.into_iter().flat_map(|Written(links)| links).collect())
}

impl JsonSchema for Written {
    fn schema_name() -> Cow<'static, str> {
        "Link".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({
            "title": "Link",
            "description": "Where the records of a step go: `a -> b`, `a.errors -> join.left`, a chain `a -> b -> c`, or `{ from: a.errors, to: join.left }`. Without a port, `out` and `in` are meant.",
        });
        let pair = generator.subschema_for::<Pair>();
        let text = serde_json::json!({ "type": "string", "pattern": "->", "examples": ["stations -> map"] });
        schema.insert("anyOf".into(), serde_json::json!([text, pair]));
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: &serde_json::Value) -> Option<String> {
        let Written(links) = serde_json::from_value(value.clone()).ok()?;
        Some(links.iter().map(Link::to_string).collect::<Vec<_>>().join(", "))
    }

    #[test]
    fn forms_of_a_link() {
        for (written, meant) in [
            (json!("a -> b"), Some("a -> b")),
            (json!("a->b -> c"), Some("a -> b, b -> c")),
            (json!("a.errors -> b.left"), Some("a.errors -> b.left")),
            (json!("a.out -> b.in"), Some("a -> b")),
            (json!("a-1 -> b_2"), Some("a-1 -> b_2")),
            (json!({"from": "a", "to": "b.right"}), Some("a -> b.right")),
            (json!("a -> b.left -> c"), None),
            (json!("a"), None),
            (json!("a -> "), None),
            (json!({"from": "a"}), None),
            (json!({"from": "a", "to": "b", "two": 1}), None),
        ] {
            assert_eq!(read(&written).as_deref(), meant, "{written}");
        }
    }
}
