use bus_core::record::{Batch, BatchBuilder, Key, Shape, Value};
use std::sync::Arc;

/// Writes the name of the file a record comes from into one of its fields.
pub(super) struct Tag {
    field: Key,
    name: String,
    builder: BatchBuilder,
    /// The shape met last, the same with the field, and the field's place in it.
    known: Option<(Arc<Shape>, Arc<Shape>, usize)>,
}

impl Tag {
    pub(super) fn new(field: &str, name: &str) -> Self {
        Self { field: field.into(), name: name.to_owned(), builder: BatchBuilder::new(), known: None }
    }

    /// The batch with the field in every record that is an object.
    pub(super) fn apply(&mut self, batch: &Batch) -> Batch {
        self.builder.set_context(batch.context().cloned());
        for (record, cell) in batch.records().zip(batch.rows()) {
            let Value::Object(object) = record else {
                self.builder.put(batch, *cell);
                continue;
            };
            let (shape, place) = self.shape(object.shape());
            self.builder.begin_shaped(&shape);
            for position in 0..shape.len() {
                if position == place {
                    self.builder.text(&self.name);
                } else {
                    self.builder.put(batch, object.cell(position));
                }
            }
            self.builder.end();
        }
        let mut tagged = self.builder.take();
        tagged.set_places(batch.places().cloned());
        tagged
    }

    fn shape(&mut self, shape: &Arc<Shape>) -> (Arc<Shape>, usize) {
        if let Some((from, to, place)) = &self.known
            && Arc::ptr_eq(from, shape)
        {
            return (Arc::clone(to), *place);
        }
        let found = shape.position(&self.field);
        let place = found.unwrap_or(shape.len());
        let to = match found {
            Some(_) => Arc::clone(shape),
            None => Shape::of(shape.keys().iter().chain([&self.field]).cloned()),
        };
        self.known = Some((Arc::clone(shape), Arc::clone(&to), place));
        (to, place)
    }
}
