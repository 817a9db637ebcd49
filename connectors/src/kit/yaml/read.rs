use super::{
    node::{Node, Scalar},
    scalar,
};
use crate::{
    contract::{Decoded, Decoder, FormatError, Limits},
    kit::text::{Encoding, Transcoder},
};
use bus_core::{Message, error::Reject, loss::Loss, msg};
use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use std::{borrow::Cow, collections::HashMap, rc::Rc};

/// Reads YAML: every document is a record, or a list of them.
///
/// A document is read when it is there whole (to the next `---`), within the limit for documents.
pub struct Reader {
    limits: Limits,
    transcoder: Transcoder,
    text: String,
    /// How much of it was looked through for the start of a document.
    searched: usize,
    /// The line its first byte stands in.
    line: u64,
}

impl Reader {
    /// A reader within these limits.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            transcoder: Transcoder::new(Encoding::Guess),
            text: String::new(),
            searched: 0,
            line: 1,
        }
    }

    /// Reads the documents that are there whole.
    fn documents(&mut self, out: &mut Decoded, last: bool) -> Result<(), FormatError> {
        let damage = self.transcoder.take_damage().first().copied();
        let (mut read, whole) = (0, self.text.len());
        while let Some(end) = self.next_document() {
            // as if the damage had come after what stands before it, however the bytes were cut
            if damage.is_some_and(|place| place < read + end + START) {
                break;
            }
            self.document(end, out)?;
            read = whole - self.text.len();
        }
        if let Some(place) = damage {
            let line = self.line + newlines(self.text.get(..place - read).unwrap_or_default());
            return Err(FormatError::at(line, 1, msg!("these bytes are not text: set the encoding")));
        }
        if self.text.len() > self.limits.document_bytes {
            let most = self.limits.document_bytes;
            return Err(FormatError::at(
                self.line,
                1,
                msg!("this document is longer than {most} bytes (limit `document_bytes`)", most = most),
            ));
        }
        if last { self.document(self.text.len(), out) } else { Ok(()) }
    }

    /// Where the first document ends, if the next one has begun.
    fn next_document(&mut self) -> Option<usize> {
        while let Some(newline) = self.text.get(self.searched..).and_then(|rest| rest.find('\n')) {
            let start = self.searched + newline + 1;
            let line = self.text.get(start..).unwrap_or_default();
            if line.len() < START {
                return None;
            }
            self.searched = start;
            if line.starts_with("---") && line.as_bytes().get(3).is_some_and(u8::is_ascii_whitespace) {
                return Some(start);
            }
        }
        None
    }

    fn document(&mut self, end: usize, out: &mut Decoded) -> Result<(), FormatError> {
        let text = self.text.get(..end).unwrap_or_default();
        Document::new(&self.limits, self.line).read(text, out)?;
        self.line += newlines(text);
        self.text.drain(..end);
        self.searched = 0;
        Ok(())
    }
}

/// Bytes that show whether a document starts: `---` and what follows.
const START: usize = 4;

fn newlines(text: &str) -> u64 {
    memchr::memchr_iter(b'\n', text.as_bytes()).count() as u64
}

impl Decoder for Reader {
    fn push(&mut self, bytes: &[u8], out: &mut Decoded) -> Result<(), FormatError> {
        self.transcoder.push(bytes, &mut self.text);
        self.documents(out, false)
    }

    fn finish(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        self.transcoder.finish(&mut self.text);
        let read = self.documents(out, true);
        out.cut();
        read
    }
}

/// One document while it is read.
struct Document<'a> {
    limits: &'a Limits,
    line: u64,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Rc<Node>>,
    /// What is wrong with the record at hand, although the document can be read on.
    wrong: Option<Reject>,
    /// Where the record at hand begins.
    begun: (u64, u64),
}

struct Frame {
    anchor: usize,
    object: bool,
    items: Vec<Rc<Node>>,
    fields: Vec<(String, Rc<Node>)>,
    key: Option<String>,
}

type Outcome = Result<(), FormatError>;

impl<'a> Document<'a> {
    fn new(limits: &'a Limits, line: u64) -> Self {
        Self { limits, line, stack: Vec::new(), anchors: HashMap::new(), wrong: None, begun: (line, 1) }
    }

    fn read(mut self, text: &str, out: &mut Decoded) -> Outcome {
        let mut parser = Parser::new_from_str(text);
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| {
                let (line, column) = self.place(error.marker().line(), error.marker().col());
                let message = msg!("this cannot be read as YAML: {problem}", problem = error.info());
                FormatError::at(line, column, message)
            })?;
            self.event(event, span, out)?;
        }
        Ok(())
    }

    fn place(&self, line: usize, column: usize) -> (u64, u64) {
        (self.line + line as u64 - 1, column as u64 + 1)
    }

    fn event(&mut self, event: Event<'_>, span: Span, out: &mut Decoded) -> Outcome {
        let place = self.place(span.start.line(), span.start.col());
        if self.stack.is_empty() || self.is_list_of_records() {
            self.begun = place;
        }
        match event {
            Event::Scalar(text, _, _, _) if self.wants_key() => {
                self.key(text.into_owned(), place);
                Ok(())
            }
            Event::Alias(_) | Event::SequenceStart(..) | Event::MappingStart(..) if self.wants_key() => {
                let message = msg!("the name of a field must be a text");
                Err(FormatError::at(place.0, place.1, message))
            }
            Event::Scalar(text, style, anchor, tag) => {
                let scalar = self.scalar(text, style, tag.as_ref(), (place, out));
                self.add(Rc::new(Node::scalar(scalar)), anchor, out)
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor).map(Rc::clone) {
                Some(node) => self.add(node, 0, out),
                None => {
                    Err(FormatError::at(place.0, place.1, msg!("this alias stands inside what it names")))
                }
            },
            Event::SequenceStart(anchor, _) => self.begin(anchor, false, place),
            Event::MappingStart(anchor, _) => self.begin(anchor, true, place),
            Event::SequenceEnd | Event::MappingEnd => self.end(out),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    /// Whether the items of the innermost list are records.
    fn is_list_of_records(&self) -> bool {
        matches!(self.stack.as_slice(), [Frame { object: false, .. }])
    }

    fn wants_key(&self) -> bool {
        self.stack.last().is_some_and(|frame| frame.object && frame.key.is_none())
    }

    fn refuse(&mut self, message: Message, (line, column): (u64, u64)) {
        self.wrong.get_or_insert_with(|| Reject::new(message).at(line, column));
    }

    fn key(&mut self, key: String, place: (u64, u64)) {
        let most = self.limits.fields;
        let Some(frame) = self.stack.last_mut() else { return };
        let full = frame.fields.len() >= most;
        let twice = frame.fields.iter().any(|(known, _)| *known == key);
        frame.key = Some(key.clone());
        if twice {
            self.refuse(msg!("the key `{key}` comes twice in one object", key = key), place);
        } else if full {
            self.refuse(msg!("an object has more than {most} fields (limit `fields`)", most = most), place);
        }
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        tag: Option<&Cow<'_, Tag>>,
        (place, out): ((u64, u64), &mut Decoded),
    ) -> Scalar {
        let meant = match tag {
            Some(tag) if tag.is_yaml_core_schema() => scalar::tagged(&text, &tag.suffix),
            None if style == ScalarStyle::Plain => scalar::plain(&text),
            None => return Scalar::Text(text.into_owned()),
            Some(tag) => {
                // `!` alone says text
                if tag.suffix != "!" {
                    out.losses().note("", Loss::Dropped, "a YAML tag of the document's own is not kept");
                }
                return Scalar::Text(text.into_owned());
            }
        };
        meant.unwrap_or_else(|| {
            let short: String = text.chars().take(40).collect();
            self.refuse(
                msg!("`{text}` is not a value that can be held: write it in quotes", text = short),
                place,
            );
            Scalar::Null
        })
    }

    fn begin(&mut self, anchor: usize, object: bool, (line, column): (u64, u64)) -> Outcome {
        if self.stack.len() > self.limits.depth {
            return Err(FormatError::at(line, column, self.too_deep()));
        }
        self.stack.push(Frame { anchor, object, items: Vec::new(), fields: Vec::new(), key: None });
        Ok(())
    }

    fn too_deep(&self) -> Message {
        msg!("lists and objects nest deeper than {most} levels (limit `depth`)", most = self.limits.depth)
    }

    fn end(&mut self, out: &mut Decoded) -> Outcome {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        if self.stack.is_empty() && !frame.object {
            // the list of the records: they went out one by one
            return Ok(());
        }
        let node = if frame.object { Node::object(frame.fields) } else { Node::list(frame.items) };
        self.add(Rc::new(node), frame.anchor, out)
    }

    fn add(&mut self, node: Rc<Node>, anchor: usize, out: &mut Decoded) -> Outcome {
        let (line, column) = self.begun;
        if node.depth > self.limits.depth {
            return Err(FormatError::at(line, column, self.too_deep()));
        }
        if node.weight > self.limits.document_bytes {
            let most = self.limits.document_bytes;
            let message = msg!("the record grows beyond {most} bytes by its aliases", most = most);
            return Err(FormatError::at(line, column, message));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        if self.stack.is_empty() || self.is_list_of_records() {
            self.record(&node, out);
            return Ok(());
        }
        if let Some(frame) = self.stack.last_mut() {
            match frame.key.take() {
                Some(key) => frame.fields.push((key, node)),
                None => frame.items.push(node),
            }
        }
        Ok(())
    }

    fn record(&mut self, node: &Node, out: &mut Decoded) {
        let (line, column) = self.begun;
        if let Some(reject) = self.wrong.take() {
            return out.reject(None, reject);
        }
        // a document without anything in it is no record
        if self.stack.is_empty() && matches!(node.content, super::node::Content::Scalar(Scalar::Null)) {
            return;
        }
        match node.write(out.builder()) {
            Ok(()) => out.end_record(),
            Err(error) => {
                out.reject(
                    None,
                    Reject::new(msg!("{problem}", problem = error.to_string())).at(line, column),
                );
            }
        }
    }
}
