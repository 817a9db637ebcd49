use super::{
    context::{Coercion, Growing},
    names,
    staging::{Chain, Staged, Staging},
};
use crate::contract::FormatError;
use bus_core::{
    msg,
    record::{BatchBuilder, Precision, Timestamp},
};

/// Writes a staged node into the record.
pub(super) struct Writer<'a> {
    pub(super) staging: &'a Staging,
    pub(super) context: &'a mut Growing,
    pub(super) builder: &'a mut BatchBuilder,
}

impl Writer<'_> {
    pub(super) fn properties(&mut self, node: usize) -> Result<(), FormatError> {
        let mut at = self.staging.node(node).and_then(|node| node.first);
        while let Some(property) = at.and_then(|index| self.staging.property_at(index)) {
            at = property.next;
            let predicate = property.predicate;
            if self.context.is_type(predicate) && self.are_types(property.values) {
                self.types(property.values)?;
            } else if property.values.count > 0 {
                key(self.builder, self.context.key(predicate))?;
                self.values(property.values, predicate)?;
            }
        }
        Ok(())
    }

    fn items(&self, chain: Chain) -> impl Iterator<Item = Staged> {
        let staging = self.staging;
        let first = chain.first.and_then(|index| staging.item(index));
        std::iter::successors(first, |item| item.next.and_then(|index| staging.item(index)))
            .map(|item| item.value)
    }

    /// Whether `@type` can hold them: it names resources only.
    fn are_types(&self, values: Chain) -> bool {
        values.count > 0 && self.items(values).all(|item| matches!(item, Staged::Iri(_) | Staged::Blank(_)))
    }

    fn types(&mut self, values: Chain) -> Result<(), FormatError> {
        key(self.builder, "@type")?;
        let list = values.count > 1;
        if list {
            self.builder.begin_list();
        }
        let mut at = values.first;
        while let Some(item) = at.and_then(|index| self.staging.item(index)) {
            at = item.next;
            self.resource(item.value, true);
        }
        if list {
            self.builder.end();
        }
        Ok(())
    }

    fn values(&mut self, values: Chain, predicate: usize) -> Result<(), FormatError> {
        let list = values.count > 1;
        if list {
            self.builder.begin_list();
        }
        self.chain(values, predicate)?;
        if list {
            self.builder.end();
        }
        Ok(())
    }

    fn chain(&mut self, values: Chain, predicate: usize) -> Result<(), FormatError> {
        let mut at = values.first;
        while let Some(item) = at.and_then(|index| self.staging.item(index)) {
            at = item.next;
            self.value(item.value, predicate)?;
        }
        Ok(())
    }

    fn value(&mut self, value: Staged, predicate: usize) -> Result<(), FormatError> {
        match value {
            Staged::Node(node) => {
                self.builder.begin_object();
                self.properties(node)?;
                self.builder.end();
            }
            Staged::List(chain) => {
                self.builder.begin_object();
                key(self.builder, "@list")?;
                self.builder.begin_list();
                self.chain(chain, predicate)?;
                self.builder.end();
                self.builder.end();
            }
            Staged::Iri(_) | Staged::Blank(_) => {
                self.settle(predicate, Coercion::Resource);
                let plain = *self.context.coercion(predicate) == Coercion::Resource;
                self.open(plain, "@id")?;
                self.resource(value, false);
                self.close(plain);
            }
            Staged::Plain(text) => {
                self.settle(predicate, Coercion::Native);
                let plain = *self.context.coercion(predicate) == Coercion::Native;
                self.open(plain, "@value")?;
                self.builder.text(self.staging.text(text));
                self.close(plain);
            }
            Staged::Language(text, tag) => {
                self.in_language(self.staging.text(text), self.staging.text(tag), predicate)?;
            }
            Staged::Typed(text, datatype) => {
                self.typed(self.staging.text(text), self.staging.text(datatype), predicate)?;
            }
        }
        Ok(())
    }

    fn settle(&mut self, predicate: usize, coercion: Coercion) {
        if *self.context.coercion(predicate) == Coercion::Open {
            self.context.settle(predicate, coercion);
        }
    }

    fn open(&mut self, plain: bool, name: &str) -> Result<(), FormatError> {
        if plain {
            return Ok(());
        }
        self.builder.begin_object();
        key(self.builder, name)
    }

    fn close(&mut self, plain: bool) {
        if !plain {
            self.builder.end();
        }
    }

    fn resource(&mut self, value: Staged, vocabulary: bool) {
        let (staging, prefixes) = (self.staging, self.context.prefixes());
        match value {
            Staged::Iri(iri) => {
                self.builder.text_with(|out| prefixes.compact(staging.text(iri), vocabulary, out));
            }
            Staged::Blank(label) => self.builder.text_with(|out| {
                out.push_str("_:");
                out.push_str(staging.text(label));
            }),
            _ => {}
        }
    }

    fn in_language(&mut self, text: &str, tag: &str, predicate: usize) -> Result<(), FormatError> {
        self.settle(predicate, Coercion::Language(tag.into()));
        if matches!(self.context.coercion(predicate), Coercion::Language(known) if **known == *tag) {
            self.builder.text(text);
            return Ok(());
        }
        self.open(false, "@value")?;
        self.builder.text(text);
        key(self.builder, "@language")?;
        self.builder.text(tag);
        self.close(false);
        Ok(())
    }

    fn typed(&mut self, text: &str, datatype: &str, predicate: usize) -> Result<(), FormatError> {
        let native = native(text, datatype);
        let coercion = if native.is_some() { Coercion::Native } else { Coercion::Type(datatype.into()) };
        self.settle(predicate, coercion);
        let (plain, typed) = match self.context.coercion(predicate) {
            Coercion::Native => (native.is_some(), false),
            Coercion::Type(known) => (**known == *datatype, **known == *datatype),
            Coercion::Open | Coercion::Resource | Coercion::Language(_) => (false, false),
        };
        self.open(plain, "@value")?;
        match native {
            Some(Native::Int(int)) => self.builder.int(int),
            Some(Native::Bool(value)) => self.builder.bool(value),
            Some(Native::Decimal) => self.builder.decimal(text),
            None if typed => exact(text, datatype, self.builder),
            None => self.builder.text(text),
        }
        if !plain && native.is_none() {
            key(self.builder, "@type")?;
            let prefixes = self.context.prefixes();
            self.builder.text_with(|out| prefixes.compact(datatype, true, out));
        }
        self.close(plain);
        Ok(())
    }
}

enum Native {
    Int(i64),
    Bool(bool),
    /// With a point: our RDF formats write such a number as `xsd:decimal` (see `jsonld::literal`).
    Decimal,
}

/// The value that has this type without saying so, if it has this very form.
fn native(text: &str, datatype: &str) -> Option<Native> {
    match datatype {
        names::INTEGER => {
            let int: i64 = text.parse().ok()?;
            (itoa::Buffer::new().format(int) == text).then_some(Native::Int(int))
        }
        names::BOOLEAN => match text {
            "true" => Some(Native::Bool(true)),
            "false" => Some(Native::Bool(false)),
            _ => None,
        },
        names::DECIMAL => {
            (is_number(text) && text.contains('.') && !text.contains(['e', 'E'])).then_some(Native::Decimal)
        }
        _ => None,
    }
}

/// Writes a literal of a type that the context says: as number or time if nothing is lost.
fn exact(text: &str, datatype: &str, builder: &mut BatchBuilder) {
    match datatype {
        names::DECIMAL if is_number(text) && !text.contains(['e', 'E']) => builder.decimal(text),
        names::DOUBLE | names::FLOAT if is_number(text) => builder.decimal(text),
        names::DATE | names::DATE_TIME => {
            let day = datatype == names::DATE;
            let time = Timestamp::parse(text).filter(|time| {
                (time.precision() == Precision::Day) == day
                    && time.precision() != Precision::Minute
                    && time.to_string() == text
            });
            match time {
                Some(time) => builder.time(time),
                None => builder.text(text),
            }
        }
        _ => builder.text(text),
    }
}

/// Whether the text is a number in JSON's grammar.
fn is_number(text: &str) -> bool {
    let rest = text.strip_prefix('-').unwrap_or(text);
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest.starts_with('0')) {
        return false;
    }
    let mut rest = rest.get(whole..).unwrap_or_default();
    if let Some(fraction) = rest.strip_prefix('.') {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = fraction.get(count..).unwrap_or_default();
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let count = digits(exponent);
        return count > 0 && count == exponent.len();
    }
    rest.is_empty()
}

/// Names the next value.
pub(super) fn key(builder: &mut BatchBuilder, key: &str) -> Result<(), FormatError> {
    builder.key(key).map_err(|error| FormatError::new(msg!("{problem}", problem = error.to_string())))
}
