//! One record of two: how the fields of a matching record are added.

use super::fields::fields_of;
use bus_core::record::{BatchBuilder, Object, Value};
use schemars::JsonSchema;
use serde::Deserialize;

/// Where the fields of the right record go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// # Beside the others
    ///
    /// Under their own names.
    #[default]
    Flat,
    /// # With a prefix
    ///
    /// Under their names with this text before them: `site_` makes `site_name`.
    Prefix(String),
    /// # In one field
    ///
    /// As one object in the field of this name.
    Nest(String),
}

/// What happens when both records have a field of the same name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Conflict {
    /// # Keep both
    ///
    /// The right one gets `_right` after its name.
    #[default]
    Rename,
    /// # Keep the left one
    ///
    /// The right one is left out.
    KeepLeft,
    /// # Keep the right one
    ///
    /// It takes the place of the left one.
    KeepRight,
}

/// How two records become one.
#[derive(Debug, Clone, Default)]
pub struct Pairing {
    /// Where the fields of the right record go.
    pub placement: Placement,
    /// What happens when names meet.
    pub conflict: Conflict,
    /// Names of fields that are the same in both, because they were compared.
    pub shared: Vec<Box<str>>,
}

const SUFFIX: &str = "_right";

impl Pairing {
    /// Writes the record of both; either may be missing.
    pub fn write(&self, left: Option<Value<'_>>, right: Option<Value<'_>>, out: &mut BatchBuilder) {
        let (Some(left), Some(right)) = (left, right) else {
            match (left, right) {
                (Some(left), _) => out.copy(left),
                (None, Some(right)) => self.write_right(right, out),
                (None, None) => out.null(),
            }
            return;
        };
        let (Some(left), Some(right_object)) = (left.as_object(), right.as_object()) else {
            return out.copy(left);
        };
        out.begin_object();
        match &self.placement {
            Placement::Nest(name) => {
                put_fields_copied(out, left, |key| key == name && self.conflict == Conflict::KeepRight);
                let taken = has(left, name);
                match (taken, self.conflict) {
                    (true, Conflict::KeepLeft) => {}
                    (true, Conflict::Rename) => nest(out, &free_name(name, left, right_object), right),
                    _ => nest(out, name, right),
                }
            }
            Placement::Flat => self.flat("", left, right_object, out),
            Placement::Prefix(prefix) => self.flat(prefix, left, right_object, out),
        }
        out.end();
    }

    fn flat(&self, prefix: &str, left: Object<'_>, right: Object<'_>, out: &mut BatchBuilder) {
        let mut name = String::new();
        let named = |key: &str, name: &mut String| {
            name.clear();
            name.push_str(prefix);
            name.push_str(key);
        };
        if self.conflict == Conflict::KeepRight {
            let replaced = |key: &str| key.strip_prefix(prefix).is_some_and(|key| has(right, key));
            put_fields_copied(out, left, replaced);
        } else {
            put_fields_copied(out, left, |_| false);
        }
        for (key, value) in right.iter() {
            named(key, &mut name);
            let taken = has(left, &name);
            if taken && prefix.is_empty() && self.shared.iter().any(|shared| **shared == **key) {
                if self.conflict != Conflict::KeepRight {
                    continue;
                }
            } else if taken && self.conflict == Conflict::KeepLeft {
                continue;
            } else if taken && self.conflict == Conflict::Rename {
                name = free_name(&name, left, right);
            }
            if out.key(&name).is_ok() {
                out.copy(value);
            }
        }
    }

    /// A right record that has no left one: its fields stand where they would beside one.
    fn write_right(&self, right: Value<'_>, out: &mut BatchBuilder) {
        match (&self.placement, right.as_object()) {
            (Placement::Nest(name), _) => {
                out.begin_object();
                nest(out, name, right);
                out.end();
            }
            (Placement::Prefix(prefix), Some(object)) => {
                out.begin_object();
                for (key, value) in object.iter() {
                    if out.key(&format!("{prefix}{key}")).is_ok() {
                        out.copy(value);
                    }
                }
                out.end();
            }
            _ => out.copy(right),
        }
    }
}

fn nest(out: &mut BatchBuilder, name: &str, record: Value<'_>) {
    if out.key(name).is_ok() {
        out.copy(record);
    }
}

fn has(object: Object<'_>, key: &str) -> bool {
    object.shape().position(key).is_some_and(|position| !object.cell(position).is_absent())
}

/// The name with `_right` behind it, as often as it takes.
fn free_name(name: &str, left: Object<'_>, right: Object<'_>) -> String {
    let mut free = format!("{name}{SUFFIX}");
    while has(left, &free) || has(right, &free) {
        free.push_str(SUFFIX);
    }
    free
}

/// Copies the fields, without keeping the text of their batch in memory.
fn put_fields_copied(out: &mut BatchBuilder, object: Object<'_>, mut skip: impl FnMut(&str) -> bool) {
    for (key, cell) in fields_of(object) {
        if let Some(value) = object.batch().resolve(cell)
            && !skip(key)
            && out.key(key).is_ok()
        {
            out.copy(value);
        }
    }
}
