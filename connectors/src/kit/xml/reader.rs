//! The decoder: finds the items of a document and makes each a record.

use super::{
    Handler, Parser, Scopes, Tag,
    chars::is_blank,
    item_path::ItemPath,
    record::{Records, Shaping},
    tag::{local, prefix},
    tape::{Kind, Tape},
};
use crate::contract::{Decoded, Decoder, FormatError, Limits};
use bus_core::{Message, loss::Loss, msg};

/// How a document becomes records.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Where the items stand; without it, the repeated child of the root is guessed.
    pub item: Option<ItemPath>,
    /// Whether prefixes and namespace declarations go.
    pub local_names: bool,
    /// How elements become values.
    pub shaping: Shaping,
}

/// Reads the items of a document as records.
pub struct Reader {
    parser: Parser,
    items: Items,
}

struct Items {
    /// `None` while it is still being guessed.
    path: Option<ItemPath>,
    local_names: bool,
    around: Around,
    tape: Tape,
    records: Records,
    longest: usize,
    /// Guess again when the tape has this size.
    guess_at: usize,
}

/// Names of the open elements around the item.
#[derive(Debug, Default)]
pub(super) struct Around {
    names: String,
    starts: Vec<usize>,
}

/// So much of a document is looked at before the repeated element is chosen.
const GUESS: usize = 256 << 10;

impl Reader {
    /// A decoder of documents.
    #[must_use]
    pub fn new(reading: Reading, limits: &Limits) -> Self {
        let Reading { item, local_names, shaping } = reading;
        let records = Records::new(shaping, limits.fields);
        let items = Items {
            path: item,
            local_names,
            around: Around::default(),
            tape: Tape::default(),
            records,
            longest: limits.record_bytes,
            guess_at: GUESS.min(limits.record_bytes / 2),
        };
        Self { parser: Parser::new(limits), items }
    }
}

impl Decoder for Reader {
    fn push(&mut self, bytes: &[u8], out: &mut Decoded) -> Result<(), FormatError> {
        let read = self.parser.push(bytes, &mut Run { items: &mut self.items, out });
        if read.is_err() {
            out.cut();
        }
        read
    }

    fn finish(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        let read = self.parser.finish(&mut Run { items: &mut self.items, out });
        out.cut();
        read
    }
}

struct Run<'a> {
    items: &'a mut Items,
    out: &'a mut Decoded,
}

impl Handler for Run<'_> {
    fn open(&mut self, tag: Tag<'_>) -> Result<(), Message> {
        let items = &mut *self.items;
        if items.tape.depth() == 0 {
            let begins = items.path.as_ref().is_none_or(|path| path.matches(&items.around, tag.name()));
            if !begins {
                items.around.push(tag.name());
                for (name, _) in tag.attributes().filter(|(name, _)| is_data(name)) {
                    items.left_out(&format!("@{name}"), self.out);
                }
                return Ok(());
            }
            items.clear();
        }
        items.open(tag);
        items.check_size()
    }

    fn text(&mut self, text: &str) -> Result<(), Message> {
        if self.items.tape.depth() == 0 {
            if !is_blank(text) {
                self.items.left_out("", self.out);
            }
            return Ok(());
        }
        self.items.tape.text(text);
        self.items.check_size()
    }

    fn close(&mut self, _: &str, scopes: &Scopes) -> Result<(), Message> {
        let items = &mut *self.items;
        if items.tape.depth() == 0 {
            items.around.pop();
            return Ok(());
        }
        items.tape.close();
        match (items.tape.depth(), &items.path) {
            (0, Some(_)) => items.record(0, scopes, self.out),
            (0, None) => items.guess(true, scopes, self.out),
            (1, None) if items.tape.size() >= items.guess_at => items.guess(false, scopes, self.out),
            _ => Ok(()),
        }
    }
}

impl Items {
    fn clear(&mut self) {
        if self.tape.clear() {
            self.records.tidy();
        }
    }

    fn open(&mut self, tag: Tag<'_>) {
        if !self.local_names {
            self.tape.open(tag.name());
            for (name, value) in tag.attributes() {
                self.tape.attribute(name, value);
            }
            return;
        }
        self.tape.open(tag.local_name());
        for (name, value) in tag.attributes().filter(|(name, _)| is_data(name)) {
            let short = local(name);
            let alone =
                tag.attributes().filter(|(other, _)| is_data(other) && local(other) == short).count() == 1;
            self.tape.attribute(if alone { short } else { name }, value);
        }
    }

    fn check_size(&self) -> Result<(), Message> {
        if self.tape.size() <= self.longest {
            Ok(())
        } else if self.path.is_some() {
            Err(msg!(
                "an item is larger than {limit} bytes (limit `record_bytes`): check the item path",
                limit = self.longest
            ))
        } else {
            Err(msg!(
                "no element is repeated in the first {limit} bytes: set the item path",
                limit = self.longest
            ))
        }
    }

    /// Notes that something in the element around the items is in no record.
    fn left_out(&self, name: &str, out: &mut Decoded) {
        let mut path: Vec<&str> = self.around.iter().collect();
        path.reverse();
        path.extend((!name.is_empty()).then_some(name));
        out.losses().note(&path.join("."), Loss::Dropped, "outside the items");
    }

    /// Makes the element at `place` of the tape a record.
    fn record(&mut self, place: u32, scopes: &Scopes, out: &mut Decoded) -> Result<(), Message> {
        let declared = if scopes.is_empty() || self.local_names {
            Vec::new()
        } else {
            declared_outside(&self.tape, place, scopes)
        };
        self.records.write(&self.tape, place, &declared, out.builder()).inspect_err(|_| {
            out.builder().abandon();
        })?;
        out.end_record();
        Ok(())
    }

    /// Chooses what the items are: the repeated children of the root, else (at its end) the root.
    fn guess(&mut self, ended: bool, scopes: &Scopes, out: &mut Decoded) -> Result<(), Message> {
        let Some(root) = self.tape.get(0) else { return Ok(()) };
        let chosen = if root.words { None } else { self.most_of_the_document(ended) };
        let Some(name) = chosen else {
            self.guess_at = self.guess_at.saturating_mul(2);
            if ended && (root.elements || root.attributes || root.words) {
                return self.record(0, scopes, out);
            }
            return Ok(());
        };
        let end = if ended { root.next } else { u32::MAX };
        let places: Vec<u32> =
            self.tape.elements_inside(0, end).filter(|(_, n)| n.name == name).map(|(at, _)| at).collect();
        for place in places {
            self.record(place, scopes, out)?;
        }
        let root_name = self.tape.names.text(root.name).to_owned();
        self.path = Some(ItemPath::exactly(&root_name, self.tape.names.text(name)));
        self.around.push(&root_name);
        let attributes = (1..).map_while(|at| self.tape.get(at).filter(|note| note.kind == Kind::Attribute));
        let others = self.tape.elements_inside(0, end).map(|(_, note)| note).filter(|note| note.name != name);
        for note in attributes.chain(others).map(|note| self.tape.names.text(note.name)) {
            if is_data(note.trim_start_matches('@')) {
                self.left_out(note, out);
            }
        }
        if ended {
            self.around.pop();
        }
        self.clear();
        Ok(())
    }

    /// The name of the children of the root that come twice or more and take the most of it.
    fn most_of_the_document(&self, ended: bool) -> Option<u32> {
        let end = if ended { self.tape.get(0)?.next } else { u32::MAX };
        let mut sizes: Vec<(u32, u32, u32)> = Vec::new();
        for (place, note) in self.tape.elements_inside(0, end) {
            let size = note.next.saturating_sub(place);
            if let Some((_, count, all)) = sizes.iter_mut().find(|(name, ..)| *name == note.name) {
                (*count, *all) = (*count + 1, *all + size);
            } else if sizes.len() < MOST_CANDIDATES {
                sizes.push((note.name, 1, size));
            }
        }
        let repeated = sizes.iter().rev().filter(|(_, count, _)| *count > 1);
        repeated.max_by_key(|(.., all)| *all).map(|(name, ..)| *name)
    }
}

/// Whether an attribute is no namespace declaration.
fn is_data(name: &str) -> bool {
    name != "xmlns" && !name.starts_with("xmlns:")
}

/// More different children of the root than this are a record, not candidates for items.
const MOST_CANDIDATES: usize = 256;

/// The namespace declarations around the element that it uses, as keys of the record.
fn declared_outside(tape: &Tape, place: u32, scopes: &Scopes) -> Vec<(String, String)> {
    let mut used: Vec<&str> = Vec::new();
    for note in tape.all(place) {
        let name = tape.names.text(note.name);
        let by_name = match note.kind {
            Kind::Element => Some(prefix(name)),
            Kind::Attribute => Some(prefix(name.trim_start_matches('@'))).filter(|prefix| !prefix.is_empty()),
            Kind::Text => None,
        };
        // the value of `xsi:type="xs:decimal"` uses a prefix too
        let by_value = (note.kind == Kind::Attribute && !matches!(by_name, Some("xmlns")))
            .then(|| prefix(tape.text_of(note)))
            .filter(|prefix| !prefix.is_empty());
        for prefix in [by_name, by_value].into_iter().flatten() {
            if !used.contains(&prefix) && used.len() < MOST_CANDIDATES {
                used.push(prefix);
            }
        }
    }
    let key = |prefix: &str| if prefix.is_empty() { "@xmlns".to_owned() } else { format!("@xmlns:{prefix}") };
    let own: Vec<&str> = tape
        .inside(place)
        .take_while(|(_, note)| note.kind == Kind::Attribute)
        .map(|(_, note)| tape.names.text(note.name))
        .collect();
    used.into_iter()
        .filter(|prefix| *prefix != "xml")
        .filter_map(|prefix| Some((key(prefix), scopes.address(prefix)?.to_owned())))
        .filter(|(key, _)| !own.contains(&key.as_str()))
        .collect()
}

impl Around {
    fn push(&mut self, name: &str) {
        self.starts.push(self.names.len());
        self.names.push_str(name);
    }

    fn pop(&mut self) {
        if let Some(start) = self.starts.pop() {
            self.names.truncate(start);
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.starts.len()
    }

    /// The names, innermost first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        let ends = self.starts.iter().skip(1).copied().chain([self.names.len()]);
        let places: Vec<_> = self.starts.iter().copied().zip(ends).collect();
        places.into_iter().rev().map(|(start, end)| self.names.get(start..end).unwrap_or_default())
    }
}
