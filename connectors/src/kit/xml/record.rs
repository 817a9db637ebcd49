//! From the tape to a record.

use super::{
    tag::{local, prefix},
    tape::{Kind, Name, Note, Tape},
};
use crate::kit::typing;
use bus_core::{Message, msg, record::BatchBuilder};
use rustc_hash::FxHashMap;

/// How elements become values.
#[derive(Debug, Clone, Default)]
pub struct Shaping {
    /// Whether texts that are plainly numbers or booleans become such.
    pub types: bool,
    /// Whether white space around the text of leaf elements and attributes goes.
    pub trim: bool,
    /// Names (`tag`) or ends of paths (`reading/tag`) of elements that are always lists.
    pub lists: Vec<String>,
}

/// Writes elements of a tape as values; keeps what it needs from record to record.
#[derive(Debug, Default)]
pub(super) struct Records {
    shaping: Shaping,
    most_fields: usize,
    children: Vec<Child>,
    /// Per name: in which element it was seen last, and its last child there.
    seen: Vec<(u32, u32)>,
    serial: u32,
    /// Names of the elements around, for the `lists` paths.
    path: Vec<Name>,
    listed: FxHashMap<Name, bool>,
    /// Per name: whether it is that of a code, whose numbers stay text.
    codes: Vec<Option<bool>>,
}

/// A child element, linked with the next one of its name.
#[derive(Debug, Clone, Copy)]
struct Child {
    place: u32,
    name: Name,
    first: bool,
    next: u32,
}

const NONE: u32 = u32::MAX;

impl Records {
    pub(super) fn new(shaping: Shaping, most_fields: usize) -> Self {
        Self { shaping, most_fields, ..Self::default() }
    }

    /// Writes the element at `place` as a record: always an object; `declared` are the namespace
    /// declarations from outside that it uses, as `@xmlns…` keys.
    pub(super) fn write(
        &mut self,
        tape: &Tape,
        place: u32,
        declared: &[(String, String)],
        out: &mut BatchBuilder,
    ) -> Result<(), Message> {
        let Some(note) = tape.get(place) else { return Ok(()) };
        out.begin_object();
        for (name, address) in declared {
            key(out, name)?;
            out.text(address);
        }
        self.path.clear();
        self.fields(tape, place, note, out)?;
        out.end();
        Ok(())
    }

    /// Forgets numbers of names, which the tape is about to give anew.
    pub(super) fn tidy(&mut self) {
        self.listed.clear();
        self.seen.clear();
        self.codes.clear();
    }

    fn value(&mut self, tape: &Tape, place: u32, out: &mut BatchBuilder) -> Result<(), Message> {
        let Some(note) = tape.get(place) else { return Ok(()) };
        if note.attributes || note.elements {
            out.begin_object();
            self.fields(tape, place, note, out)?;
            out.end();
            return Ok(());
        }
        match self.leaf_text(tape, place, note) {
            Some(text) => self.scalar(tape, note.name, text, out),
            None => out.null(),
        }
        Ok(())
    }

    fn fields(&mut self, tape: &Tape, place: u32, note: Note, out: &mut BatchBuilder) -> Result<(), Message> {
        if note.attributes {
            for (_, attribute) in tape.inside(place).take_while(|(_, note)| note.kind == Kind::Attribute) {
                key(out, tape.names.text(attribute.name))?;
                self.scalar(tape, attribute.name, tape.text_of(attribute), out);
            }
        }
        if note.elements && note.words {
            key(out, "#content")?;
            self.mixed(tape, place, out)
        } else if note.elements {
            self.path.push(note.name);
            let written = self.grouped(tape, place, out);
            self.path.pop();
            written
        } else {
            if let Some(text) = self.leaf_text(tape, place, note) {
                key(out, "#text")?;
                self.scalar(tape, note.name, text, out);
            }
            Ok(())
        }
    }

    /// The text of an element without children; line breaks and indentation alone are none.
    fn leaf_text<'t>(&self, tape: &'t Tape, place: u32, note: Note) -> Option<&'t str> {
        let (_, inner) = tape.inside(place).find(|(_, note)| note.kind == Kind::Text)?;
        let text = tape.text_of(inner);
        if text.is_empty() || (!note.words && (self.shaping.trim || text.contains('\n'))) {
            return None;
        }
        Some(text)
    }

    fn scalar(&mut self, tape: &Tape, name: Name, text: &str, out: &mut BatchBuilder) {
        let text = if self.shaping.trim { super::chars::trim(text) } else { text };
        if self.shaping.types && !self.is_code(tape, name) {
            typing::write(text, out);
        } else {
            out.text(text);
        }
    }

    fn is_code(&mut self, tape: &Tape, name: Name) -> bool {
        if let Some(Some(known)) = self.codes.get(name as usize) {
            return *known;
        }
        let code = typing::is_code(tape.names.text(name));
        if self.codes.len() <= name as usize {
            self.codes.resize(name as usize + 1, None);
        }
        if let Some(slot) = self.codes.get_mut(name as usize) {
            *slot = Some(code);
        }
        code
    }

    /// Text and elements in order: `["before ", {"b": "bold"}, " after"]`.
    fn mixed(&mut self, tape: &Tape, place: u32, out: &mut BatchBuilder) -> Result<(), Message> {
        out.begin_list();
        for (at, note) in tape.inside(place) {
            match note.kind {
                Kind::Attribute => {}
                Kind::Text => out.text(tape.text_of(note)),
                Kind::Element => {
                    out.begin_object();
                    key(out, tape.names.text(note.name))?;
                    self.value(tape, at, out)?;
                    out.end();
                }
            }
        }
        out.end();
        Ok(())
    }

    /// Child elements by name, those of one name as a list; `#order` where that changed their order.
    fn grouped(&mut self, tape: &Tape, place: u32, out: &mut BatchBuilder) -> Result<(), Message> {
        let begin = self.children.len();
        let (names, reordered) = self.link(tape, place);
        if names > self.most_fields {
            return Err(msg!(
                "an element holds elements of more than {limit} names (limit `fields`)",
                limit = self.most_fields
            ));
        }
        let end = self.children.len();
        for index in begin..end {
            let Some(child) = self.children.get(index).copied().filter(|child| child.first) else { continue };
            key(out, tape.names.text(child.name))?;
            if child.next == NONE && !self.is_list(tape, child.name) {
                self.value(tape, child.place, out)?;
                continue;
            }
            out.begin_list();
            let mut each = Some(child);
            while let Some(child) = each {
                self.value(tape, child.place, out)?;
                each = self.children.get(child.next as usize).copied();
            }
            out.end();
        }
        if reordered {
            key(out, "#order")?;
            out.begin_list();
            for child in self.children.get(begin..end).unwrap_or_default() {
                out.text(tape.names.text(child.name));
            }
            out.end();
        }
        self.children.truncate(begin);
        Ok(())
    }

    /// Lists the children of an element, each linked to the next of its name; how many names there are,
    /// and whether children of one name have others between them.
    fn link(&mut self, tape: &Tape, place: u32) -> (usize, bool) {
        self.serial = self.serial.wrapping_add(1);
        let (mut names, mut reordered) = (0, false);
        for (place, note) in tape.inside(place).filter(|(_, note)| note.kind == Kind::Element) {
            let index = u32::try_from(self.children.len()).unwrap_or(NONE);
            let slot = note.name as usize;
            if self.seen.len() <= slot {
                self.seen.resize(slot + 1, (0, 0));
            }
            let mut first = true;
            if let Some((serial, last)) = self.seen.get_mut(slot) {
                if *serial == self.serial {
                    first = false;
                    reordered |= *last + 1 != index;
                    if let Some(before) = self.children.get_mut(*last as usize) {
                        before.next = index;
                    }
                }
                (*serial, *last) = (self.serial, index);
            }
            names += usize::from(first);
            self.children.push(Child { place, name: note.name, first, next: NONE });
        }
        (names, reordered)
    }

    fn is_list(&mut self, tape: &Tape, name: Name) -> bool {
        if self.shaping.lists.is_empty() {
            return false;
        }
        let text = |name: Name| tape.names.text(name);
        let lists = &self.shaping.lists;
        let possible = *self.listed.entry(name).or_insert_with(|| {
            lists.iter().any(|list| matches_name(list.rsplit('/').next().unwrap_or_default(), text(name)))
        });
        possible
            && lists.iter().any(|list| {
                let mut around = self.path.iter().rev().copied();
                let mut parts = list.rsplit('/');
                parts.next().is_some_and(|last| matches_name(last, text(name)))
                    && parts.all(|part| around.next().is_some_and(|name| matches_name(part, text(name))))
            })
    }
}

fn key(out: &mut BatchBuilder, name: &str) -> Result<(), Message> {
    out.key(name).map_err(|error| msg!("{problem}", problem = error.to_string()))
}

/// Whether an element's name is meant: as written, or without its prefix.
pub(super) fn matches_name(wanted: &str, name: &str) -> bool {
    wanted == name || (!wanted.contains(':') && !prefix(name).is_empty() && wanted == local(name))
}
