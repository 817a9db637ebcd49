//! Turns flat records into nested ones.

use crate::{
    contract::{Connector, Context, Inputs, Outputs, Transform},
    kit::{emit::Emitter, fields::fields_of, settings::not_empty},
};
use bus_core::{
    error::{Reject, StepError},
    msg,
    record::{Batch, BatchBuilder, Cell, Object, Value},
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static CONNECTOR: Connector = Connector::transform::<Unflatten>("unflatten");

/// # Unflatten
///
/// Makes nested objects of fields whose names say where they belong: `address.city` becomes `address: { city }`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-icon" = "unfold-vertical", "x-group" = "fields"))]
struct Unflatten {
    /// # Separator
    ///
    /// What stands between the names.
    #[serde(default = "dot", deserialize_with = "not_empty")]
    #[schemars(extend("examples" = [".", "_"]))]
    separator: String,
    /// # Lists
    ///
    /// Makes a list where all names of a level are numbers from 0 on.
    #[serde(default)]
    lists: bool,
}

fn dot() -> String {
    ".".to_owned()
}

/// What stands under a name.
enum Node<'a> {
    Leaf(Cell),
    Branch(Vec<(&'a str, Node<'a>)>),
}

impl Transform for Unflatten {
    async fn apply(self, mut inputs: Inputs, mut out: Outputs, context: Context) -> Result<(), StepError> {
        let mut emitter = Emitter::default();
        let depth = context.limits().depth;
        while let Some(batch) = inputs.next().await {
            emitter.follow(&batch, &mut out).await?;
            for (row, record) in batch.records().enumerate() {
                match record.as_object() {
                    None => emitter.builder().copy(record),
                    Some(object) => match self.tree(object, depth) {
                        Ok(tree) => self.write(&batch, &tree, emitter.builder()),
                        Err(reject) => out.reject(record, &reject),
                    },
                }
                emitter.flow_from(row, &mut out).await?;
            }
        }
        emitter.flush(&mut out).await
    }
}

impl Unflatten {
    fn tree<'a>(&self, object: Object<'a>, depth: usize) -> Result<Node<'a>, Reject> {
        let mut root = Vec::new();
        for (key, cell) in fields_of(object) {
            if cell.is_absent() {
                continue;
            }
            if key.matches(&self.separator).count() >= depth {
                return Err(Reject::field(
                    &**key,
                    msg!("the name nests deeper than {limit} levels (limit `depth`)", limit = depth),
                ));
            }
            let names: Vec<&str> = key.split(&self.separator).collect();
            // a name that begins or ends with the separator, or has it twice, is a name as it is
            let names = if names.contains(&"") { vec![&**key] } else { names };
            if !insert(&mut root, &names, cell, object.batch()) {
                return Err(Reject::field(
                    &**key,
                    msg!("`{name}` is a value and holds others too: choose another separator", name = key),
                ));
            }
        }
        Ok(Node::Branch(root))
    }

    fn write(&self, batch: &Batch, node: &Node<'_>, out: &mut BatchBuilder) {
        let fields = match node {
            Node::Leaf(cell) => return out.put(batch, *cell),
            Node::Branch(fields) => fields,
        };
        if self.lists && out.depth() > 0 && is_list(fields) {
            out.begin_list();
            for number in 0..fields.len() {
                let number = number.to_string();
                if let Some((_, item)) = fields.iter().find(|(name, _)| *name == number) {
                    self.write(batch, item, out);
                }
            }
        } else {
            out.begin_object();
            for (name, value) in fields {
                if out.key(name).is_ok() {
                    self.write(batch, value, out);
                }
            }
        }
        out.end();
    }
}

/// Puts a cell where the names lead; `false` if a value stands in the way.
fn insert<'a>(
    fields: &mut Vec<(&'a str, Node<'a>)>,
    names: &[&'a str],
    cell: Cell,
    batch: &'a Batch,
) -> bool {
    let Some((name, rest)) = names.split_first() else { return false };
    let place = fields.iter().position(|(known, _)| known == name);
    let Some((_, node)) = place.and_then(|place| fields.get_mut(place)) else {
        let mut node = Node::Leaf(cell);
        for name in rest.iter().rev() {
            node = Node::Branch(vec![(name, node)]);
        }
        fields.push((name, node));
        return true;
    };
    if let Node::Leaf(known) = node {
        // an object that is there already takes what belongs to it
        let Some(Value::Object(object)) = batch.resolve(*known) else { return false };
        let inner = fields_of(object).filter(|(_, cell)| !cell.is_absent());
        *node = Node::Branch(inner.map(|(key, cell)| (&**key, Node::Leaf(cell))).collect());
    }
    match (node, batch.resolve(cell)) {
        (Node::Branch(inner), Some(Value::Object(object))) if rest.is_empty() => fields_of(object)
            .filter(|(_, cell)| !cell.is_absent())
            .all(|(key, cell)| insert(inner, &[&**key], cell, batch)),
        (Node::Branch(inner), _) if !rest.is_empty() => insert(inner, rest, cell, batch),
        _ => false,
    }
}

/// Whether the names are the numbers from 0 on, in any order.
fn is_list(fields: &[(&str, Node<'_>)]) -> bool {
    let mut seen = vec![false; fields.len()];
    for (name, _) in fields {
        let number = name.parse::<usize>().ok().filter(|number| number.to_string() == **name);
        match number.and_then(|number| seen.get_mut(number)) {
            Some(seen) => *seen = true,
            None => return false,
        }
    }
    !fields.is_empty() && seen.into_iter().all(|seen| seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::probe::Probe;
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    fn tree() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            any::<i32>().prop_map(Json::from),
            Just(json!([])),
            Just(json!({})),
            "[a-z]{0,3}".prop_map(Json::from)
        ];
        leaf.prop_recursive(4, 30, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 1..4).prop_map(Json::from),
                proptest::collection::hash_map("[a-z ]{1,4}", inner, 1..4)
                    .prop_map(|fields| Json::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn undoes_flattening(value in tree()) {
            let records = json!([{ "v": value }]);
            let settings = json!({ "separator": "/", "lists": "number" });
            let flat = Probe::of(&crate::transforms::flatten::CONNECTOR, settings).input("in", &records).run().out();
            let settings = json!({ "separator": "/", "lists": true });
            let nested = Probe::of(&CONNECTOR, settings).input("in", &flat).run().out();
            prop_assert_eq!(nested, records);
        }
    }
}
