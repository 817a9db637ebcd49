use bus_core::record::{BatchBuilder, BuildError};
use std::rc::Rc;

/// A value while its document is read. What is anchored is shared by its aliases, so that a short text
/// cannot grow into a large value before it is weighed.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) content: Content,
    /// Bytes it takes once its aliases are copies.
    pub(super) weight: usize,
    /// Levels below it.
    pub(super) depth: usize,
}

#[derive(Debug)]
pub(super) enum Content {
    Scalar(Scalar),
    List(Vec<Rc<Node>>),
    Object(Vec<(String, Rc<Node>)>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// A number in its exact text, as JSON writes it.
    Decimal(String),
    Text(String),
    Bytes(Vec<u8>),
}

const CELL: usize = 16;

impl Node {
    pub(super) fn scalar(scalar: Scalar) -> Self {
        let weight = CELL
            + match &scalar {
                Scalar::Decimal(text) | Scalar::Text(text) => text.len(),
                Scalar::Bytes(bytes) => bytes.len(),
                Scalar::Null | Scalar::Bool(_) | Scalar::Int(_) => 0,
            };
        Self { content: Content::Scalar(scalar), weight, depth: 0 }
    }

    pub(super) fn list(items: Vec<Rc<Self>>) -> Self {
        let (weight, depth) = sum(items.iter());
        Self { weight, depth, content: Content::List(items) }
    }

    pub(super) fn object(fields: Vec<(String, Rc<Self>)>) -> Self {
        let (weight, depth) = sum(fields.iter().map(|(_, value)| value));
        Self { weight, depth, content: Content::Object(fields) }
    }

    pub(super) fn write(&self, out: &mut BatchBuilder) -> Result<(), BuildError> {
        match &self.content {
            Content::Scalar(Scalar::Null) => out.null(),
            Content::Scalar(Scalar::Bool(value)) => out.bool(*value),
            Content::Scalar(Scalar::Int(int)) => out.int(*int),
            Content::Scalar(Scalar::Decimal(text)) => out.decimal(text),
            Content::Scalar(Scalar::Text(text)) => out.text(text),
            Content::Scalar(Scalar::Bytes(bytes)) => out.bytes(bytes),
            Content::List(items) => {
                out.begin_list();
                for item in items {
                    item.write(out)?;
                }
                out.end();
            }
            Content::Object(fields) => {
                out.begin_object();
                for (key, value) in fields {
                    out.key(key)?;
                    value.write(out)?;
                }
                out.end();
            }
        }
        Ok(())
    }
}

fn sum<'a>(nodes: impl Iterator<Item = &'a Rc<Node>>) -> (usize, usize) {
    nodes.fold((CELL, 1), |(weight, depth), node| {
        (weight.saturating_add(node.weight), depth.max(node.depth.saturating_add(1)))
    })
}
