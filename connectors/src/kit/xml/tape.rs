//! One element with all it holds, noted in document order: what a record is made of.

use super::chars::is_blank;
use rustc_hash::FxHashMap;

/// The name of an element or attribute (`@name`), by number.
pub(super) type Name = u32;

/// What a note on the tape says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Element,
    Attribute,
    Text,
}

/// One note: an element, an attribute of the element before it, or text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Note {
    pub(super) kind: Kind,
    /// The element has attributes / child elements / text that is more than white space.
    pub(super) attributes: bool,
    pub(super) elements: bool,
    pub(super) words: bool,
    pub(super) name: Name,
    start: u32,
    end: u32,
    /// The note after the element and all it holds.
    pub(super) next: u32,
}

/// The notes of one record, or of the document while the records in it are still being guessed.
#[derive(Debug, Default)]
pub(super) struct Tape {
    notes: Vec<Note>,
    text: String,
    open: Vec<u32>,
    /// Whether the next piece of text goes on with the last note.
    continues: bool,
    pub(super) names: Names,
}

impl Tape {
    /// Empties the tape; whether names get new numbers from now on.
    pub(super) fn clear(&mut self) -> bool {
        self.notes.clear();
        self.text.clear();
        self.open.clear();
        self.continues = false;
        self.names.tidy()
    }

    /// How many elements are open on the tape.
    pub(super) const fn depth(&self) -> usize {
        self.open.len()
    }

    /// About how many bytes of memory it takes.
    pub(super) const fn size(&self) -> usize {
        self.text.len() + self.notes.len() * size_of::<Note>()
    }

    pub(super) fn open(&mut self, name: &str) {
        let name = self.names.number(name);
        if let Some(parent) = self.innermost() {
            parent.elements = true;
        }
        self.open.push(small(self.notes.len()));
        self.note(Kind::Element, name, 0);
    }

    pub(super) fn attribute(&mut self, name: &str, value: &str) {
        let name = self.names.attribute(name);
        if let Some(element) = self.innermost() {
            element.attributes = true;
        }
        let start = self.text.len();
        self.text.push_str(value);
        self.note(Kind::Attribute, name, start);
    }

    pub(super) fn text(&mut self, text: &str) {
        let blank = text.is_empty() || is_blank(text);
        let Some(element) = self.innermost() else { return };
        element.words |= !blank;
        let start = self.text.len();
        self.text.push_str(text);
        match self.notes.last_mut().filter(|_| self.continues) {
            Some(note) => note.end = small(self.text.len()),
            None => self.note(Kind::Text, 0, start),
        }
        self.continues = true;
    }

    pub(super) fn close(&mut self) {
        let next = small(self.notes.len());
        if let Some(open) = self.open.pop()
            && let Some(note) = self.notes.get_mut(open as usize)
        {
            note.next = next;
        }
        self.continues = false;
    }

    fn note(&mut self, kind: Kind, name: Name, start: usize) {
        let (start, end, next) = (small(start), small(self.text.len()), small(self.notes.len() + 1));
        let (attributes, elements, words) = (false, false, false);
        self.notes.push(Note { kind, attributes, elements, words, name, start, end, next });
        self.continues = false;
    }

    fn innermost(&mut self) -> Option<&mut Note> {
        self.notes.get_mut(*self.open.last()? as usize)
    }

    pub(super) fn get(&self, place: u32) -> Option<Note> {
        self.notes.get(place as usize).copied()
    }

    pub(super) fn text_of(&self, note: Note) -> &str {
        self.text.get(note.start as usize..note.end as usize).unwrap_or_default()
    }

    /// The notes directly inside the element at `place`: attributes, then elements and text.
    pub(super) fn inside(&self, place: u32) -> impl Iterator<Item = (u32, Note)> {
        let end = match self.get(place) {
            Some(note) if note.kind == Kind::Element => note.next,
            _ => 0,
        };
        let mut at = place + 1;
        std::iter::from_fn(move || {
            let note = (at < end).then(|| self.get(at))??;
            let here = at;
            at = note.next.max(at + 1);
            Some((here, note))
        })
    }

    /// The elements directly inside the element at `place`, which may still be open, up to `end`.
    pub(super) fn elements_inside(&self, place: u32, end: u32) -> impl Iterator<Item = (u32, Note)> {
        let end = end.min(small(self.notes.len()));
        let mut at = place + 1;
        std::iter::from_fn(move || {
            let note = (at < end).then(|| self.get(at))??;
            let here = at;
            at = note.next.max(at + 1);
            Some((here, note))
        })
        .filter(|(_, note)| note.kind == Kind::Element)
    }

    /// All notes from `place` on to the end of its element.
    pub(super) fn all(&self, place: u32) -> impl Iterator<Item = Note> {
        let end = self.get(place).map_or(0, |note| note.next);
        self.notes.get(place as usize..end as usize).unwrap_or_default().iter().copied()
    }
}

/// A record is limited to far less than 4 GiB, so this never saturates.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Numbers for names; a name that follows another one usually follows it again.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: FxHashMap<Box<str>, Name>,
    known: Vec<Known>,
    last: Name,
    buffer: String,
}

#[derive(Debug)]
struct Known {
    text: Box<str>,
    likely: Name,
}

/// Names used as data would grow the table without end; past this it starts anew with the next record.
const MOST_NAMES: usize = 65_536;

impl Names {
    fn tidy(&mut self) -> bool {
        let full = self.known.len() > MOST_NAMES;
        if full {
            *self = Self::default();
        }
        full
    }

    /// The text of a name: what the field is called.
    pub(super) fn text(&self, name: Name) -> &str {
        self.known.get(name as usize).map_or("", |known| &known.text)
    }

    fn attribute(&mut self, name: &str) -> Name {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        buffer.push('@');
        buffer.push_str(name);
        let number = self.number(&buffer);
        self.buffer = buffer;
        number
    }

    pub(super) fn number(&mut self, name: &str) -> Name {
        let likely = self.known.get(self.last as usize).map_or(0, |known| known.likely);
        if self.known.get(likely as usize).is_some_and(|known| &*known.text == name) {
            self.last = likely;
            return likely;
        }
        let number = match self.numbers.get(name) {
            Some(number) => *number,
            None => {
                let number = small(self.known.len());
                self.numbers.insert(name.into(), number);
                self.known.push(Known { text: name.into(), likely: 0 });
                number
            }
        };
        if let Some(before) = self.known.get_mut(self.last as usize) {
            before.likely = number;
        }
        self.last = number;
        number
    }
}
