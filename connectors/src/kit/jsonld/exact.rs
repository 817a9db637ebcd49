//! What a JSON-LD document says of numbers and times, and how it says decimals exactly.

use super::{Emitter, emit::DEEPEST, literal::lexical, plan::Field, terms::Coercion};
use crate::kit::rdf::names;
use bus_core::{
    loss::{Loss, LossReport},
    record::{Batch, BatchBuilder, Object, Value},
};
use std::sync::Arc;

impl Emitter {
    /// The batch with numbers of the type `xsd:decimal` as text, if the context types any so; call
    /// [`Self::enter`] first.
    ///
    /// JSON-LD reads a JSON number with a fraction as a double (JSON-LD 1.1 API, 10.8): `46.9` would become
    /// `4.69E1`, which is no decimal.
    pub(crate) fn with_decimals(&mut self, batch: &Batch) -> Option<Batch> {
        if !self.terms.terms.values().any(|term| is_decimal(&term.coercion)) {
            return None;
        }
        let mut out = BatchBuilder::new();
        out.set_context(batch.context().map(Arc::clone));
        batch.records().for_each(|record| self.rewrite(record, false, 0, &mut out));
        Some(out.take())
    }

    fn rewrite(&mut self, value: Value<'_>, decimal: bool, depth: usize, out: &mut BatchBuilder) {
        match value {
            Value::Decimal(_) | Value::Float(_) if decimal => {
                out.text_with(|text| {
                    let mut exact = String::new();
                    let _datatype = lexical(value, Some(names::DECIMAL), &mut exact);
                    text.push_str(&exact);
                });
            }
            Value::List(list) if depth < DEEPEST => {
                out.begin_list();
                list.iter().for_each(|item| self.rewrite(item, decimal, depth + 1, out));
                out.end();
            }
            Value::Object(object) if depth < DEEPEST => {
                let plan = self.plan(object, "");
                out.begin_shaped(object.shape());
                for place in 0..object.shape().len() {
                    let field = plan.fields.iter().find(|(at, _)| *at == place).map(|(_, field)| field);
                    let decimal =
                        matches!(field, Some(Field::Property(property)) if is_decimal(&property.coercion));
                    match object.at(place) {
                        Some(value) => self.rewrite(value, decimal, depth + 1, out),
                        None => out.absent(),
                    }
                }
                out.end();
            }
            _ => out.copy(value),
        }
    }

    /// Notes what a JSON-LD document says less exactly than its records: numbers and times whose field has no
    /// type in the context. Call [`Self::enter`] first.
    pub(crate) fn note_untyped(&mut self, batch: &Batch, losses: &mut LossReport) {
        for record in batch.records().filter_map(Value::as_object) {
            self.untyped(record, "", 0, losses);
        }
    }

    fn untyped(&mut self, object: Object<'_>, path: &str, depth: usize, losses: &mut LossReport) {
        let plan = self.plan(object, path);
        for (place, field) in &plan.fields {
            let (Field::Property(property), Some(value)) = (field, object.at(*place)) else { continue };
            let untyped = property.coercion == Coercion::None;
            match value {
                Value::Decimal(_) if untyped => {
                    losses.note(&property.path, Loss::Approximated, "JSON-LD reads this number as xsd:double: give the field the type xsd:decimal in the context");
                }
                Value::Time(_) if untyped => {
                    losses.note(&property.path, Loss::Approximated, "JSON-LD reads this time as text: give the field a type such as xsd:dateTime in the context");
                }
                Value::Object(inner) if depth < DEEPEST => {
                    self.untyped(inner, &property.path, depth + 1, losses);
                }
                Value::List(list) if depth < DEEPEST => {
                    for inner in list.iter().filter_map(Value::as_object) {
                        self.untyped(inner, &property.path, depth + 1, losses);
                    }
                }
                _ => {}
            }
        }
    }
}

fn is_decimal(coercion: &Coercion) -> bool {
    matches!(coercion, Coercion::Type(datatype) if datatype == names::DECIMAL)
}
