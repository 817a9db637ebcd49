use super::{Cell, Object, Shape, Value};
use std::sync::Arc;

/// A field name that remembers where it stands in the shape it saw last.
///
/// A step keeps one per field it reads; on a table the lookup is a pointer comparison.
#[derive(Debug, Clone)]
pub struct Slot {
    key: Box<str>,
    seen: Option<(Arc<Shape>, Option<usize>)>,
}

impl Slot {
    /// A slot for the field `key`.
    pub fn new(key: impl Into<Box<str>>) -> Self {
        Self { key: key.into(), seen: None }
    }

    /// The field's name.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Where the field stands in `shape`.
    pub fn position(&mut self, shape: &Arc<Shape>) -> Option<usize> {
        if let Some((seen, position)) = &self.seen
            && Arc::ptr_eq(seen, shape)
        {
            return *position;
        }
        let position = shape.position(&self.key);
        self.seen = Some((Arc::clone(shape), position));
        position
    }

    /// The field's value; `None` where the record lacks it.
    pub fn get<'a>(&mut self, object: Object<'a>) -> Option<Value<'a>> {
        object.at(self.position(object.shape())?)
    }

    /// The field's cell; [`Cell::ABSENT`] where the record lacks it.
    pub fn cell(&mut self, object: Object<'_>) -> Cell {
        self.position(object.shape()).map_or(Cell::ABSENT, |position| object.cell(position))
    }
}
