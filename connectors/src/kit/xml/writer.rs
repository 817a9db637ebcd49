//! The encoder: records as the items of a document.

use super::hand::{Hand, write_namespace};
use crate::contract::{Encoder, FormatError};
use bus_core::{
    loss::LossReport,
    msg,
    record::{Batch, Object},
};

/// How records become a document.
#[derive(Debug, Clone)]
pub struct Writing {
    /// Names of the elements around the items, outermost first; none: the one record is the document.
    pub around: Vec<String>,
    /// Name of the element of each record.
    pub item: String,
    /// Spaces a level is indented by; 0 writes each item in one line.
    pub indent: usize,
}

/// Writes records as a document.
pub struct Writer {
    writing: Writing,
    begun: bool,
    records: u64,
    hand: Hand,
}

impl Writer {
    /// An encoder of documents.
    #[must_use]
    pub fn new(writing: Writing) -> Self {
        let hand = Hand::new(writing.indent);
        Self { writing, begun: false, records: 0, hand }
    }

    fn begin(&mut self, first: Option<Object<'_>>, out: &mut Vec<u8>) {
        self.begun = true;
        out.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        if let Some(first) = first.filter(|_| !self.writing.around.is_empty()) {
            self.hand.share(first, &self.writing.item);
        }
        let last = self.writing.around.len().saturating_sub(1);
        for (level, name) in self.writing.around.iter().enumerate() {
            let name = self.hand.bound_name(name);
            self.hand.line(level, out);
            out.push(b'<');
            out.extend_from_slice(name.as_bytes());
            if level == 0 {
                for (prefix, address) in self.hand.bound() {
                    write_namespace(prefix, address, out);
                }
            }
            out.push(b'>');
            if level < last || self.writing.indent == 0 {
                out.push(b'\n');
            }
        }
    }
}

impl Encoder for Writer {
    fn encode(
        &mut self,
        batch: &Batch,
        out: &mut Vec<u8>,
        losses: &mut LossReport,
    ) -> Result<(), FormatError> {
        for record in batch.records() {
            if !self.begun {
                self.begin(record.as_object(), out);
            }
            self.records += 1;
            let level = self.writing.around.len();
            if level == 0 && self.records > 1 {
                return Err(FormatError::new(msg!(
                    "a document has one root element, and more than one record came: name an element around them, such as `records/record`"
                )));
            }
            self.hand.record(&self.writing.item, record, level, out, losses);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>, _: &mut LossReport) -> Result<(), FormatError> {
        if !self.begun {
            self.begin(None, out);
        }
        if self.writing.around.is_empty() && self.records == 0 {
            out.extend_from_slice(format!("<{}/>\n", self.writing.item).as_bytes());
        }
        for (level, name) in self.writing.around.iter().enumerate().rev() {
            let name = self.hand.bound_name(name);
            self.hand.line(level, out);
            out.extend_from_slice(format!("</{name}>\n").as_bytes());
        }
        Ok(())
    }
}
