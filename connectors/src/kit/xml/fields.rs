//! What each key of an object becomes in XML; worked out once per shape.

use super::escape::name_near;
use bus_core::record::Shape;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// What a key becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// `@xmlns` or `@xmlns:name`, with the prefix as the field's name.
    Namespace,
    Attribute,
    Element,
    /// `#text`
    Text,
    /// `#content`
    Content,
    /// `#order`
    Order,
}

/// A key of a shape and its name in XML.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) role: Role,
    pub(super) name: String,
    /// The name to use where the prefix of `name` stands for no namespace.
    pub(super) unprefixed: Option<String>,
    pub(super) renamed: bool,
}

/// The fields of the shapes met so far.
#[derive(Debug, Default)]
pub(super) struct Plans {
    known: FxHashMap<usize, (Arc<Shape>, Arc<[Field]>)>,
}

/// Data used as keys would grow the table without end; past this it starts anew.
const MOST_PLANS: usize = 4_096;

impl Plans {
    /// The fields of a shape, in the order of its keys.
    pub(super) fn of(&mut self, shape: &Arc<Shape>) -> Arc<[Field]> {
        if self.known.len() > MOST_PLANS {
            self.known.clear();
        }
        let address = Arc::as_ptr(shape).addr();
        // the entry keeps its shape alive, so that no other one can take its address
        let (_, fields) =
            self.known.entry(address).or_insert_with(|| (Arc::clone(shape), plan(shape).into()));
        Arc::clone(fields)
    }
}

fn plan(shape: &Shape) -> Vec<Field> {
    let mut taken: FxHashSet<(bool, String)> =
        shape.keys().iter().filter(|key| name_near(bare(key)) == bare(key)).map(|key| slot(key)).collect();
    let field = |key: &Arc<str>| {
        let role = role(key);
        let bare = bare(key);
        if role != Role::Attribute && role != Role::Element {
            return Field { role, name: bare.to_owned(), unprefixed: None, renamed: false };
        }
        let near = name_near(bare);
        let renamed = near != bare;
        let name = if renamed { free(&near, role, &mut taken) } else { near };
        let unprefixed = name.contains(':').then(|| free(&name.replace(':', "_"), role, &mut taken));
        Field { role, name, unprefixed, renamed }
    };
    shape.keys().iter().map(field).collect()
}

/// `name`, or `name_2` and so on if that is taken.
fn free(name: &str, role: Role, taken: &mut FxHashSet<(bool, String)>) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2_u32;
    while !taken.insert((role == Role::Attribute, candidate.clone())) {
        candidate = format!("{name}_{number}");
        number += 1;
    }
    candidate
}

fn slot(key: &str) -> (bool, String) {
    (role(key) == Role::Attribute, bare(key).to_owned())
}

fn role(key: &str) -> Role {
    match key {
        "#text" => Role::Text,
        "#content" => Role::Content,
        "#order" => Role::Order,
        "@xmlns" => Role::Namespace,
        _ if key.starts_with("@xmlns:") => Role::Namespace,
        _ if key.len() > 1 && key.starts_with('@') => Role::Attribute,
        _ => Role::Element,
    }
}

/// The key without the sign that tells its role.
fn bare(key: &str) -> &str {
    match role(key) {
        Role::Namespace => key.strip_prefix("@xmlns").map_or("", |rest| rest.trim_start_matches(':')),
        Role::Attribute => key.strip_prefix('@').unwrap_or(key),
        Role::Element | Role::Text | Role::Content | Role::Order => key,
    }
}
