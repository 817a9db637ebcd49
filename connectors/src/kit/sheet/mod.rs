//! Spreadsheets: what XLSX and ODS share. A workbook is a zip and can only be read whole.

mod archive;
mod ods;
mod table;
#[cfg(test)]
mod tests;
mod writer;
mod xlsx;

pub use table::{Choice, SheetName};
pub use writer::Writer;

use crate::contract::{Decoded, Decoder, FormatError, Limits};
use bus_core::msg;

/// Reads one sheet of a workbook as records.
pub struct Reader {
    kind: Kind,
    choice: Choice,
    limits: Limits,
    bytes: Vec<u8>,
}

/// The two kinds of workbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Office Open XML, as Excel writes it.
    Xlsx,
    /// OpenDocument, as LibreOffice writes it.
    Ods,
}

impl Reader {
    /// A decoder for the sheet that was chosen.
    #[must_use]
    pub fn new(kind: Kind, choice: Choice, limits: &Limits) -> Self {
        Self { kind, choice, limits: limits.clone(), bytes: Vec::new() }
    }
}

impl Decoder for Reader {
    fn push(&mut self, bytes: &[u8], _: &mut Decoded) -> Result<(), FormatError> {
        if self.bytes.len() + bytes.len() > self.limits.document_bytes {
            self.bytes = Vec::new();
            return Err(FormatError::new(msg!(
                "the workbook is larger than {limit} bytes (limit `document_bytes`): save the sheet as CSV",
                limit = self.limits.document_bytes
            )));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        let bytes = std::mem::take(&mut self.bytes);
        archive::check(&bytes, &self.limits)?;
        let read = match self.kind {
            Kind::Xlsx => xlsx::read(bytes, &self.choice, &self.limits, out),
            Kind::Ods => ods::read(&bytes, &self.choice, &self.limits, out),
        };
        out.cut();
        read
    }
}

/// Whether the bytes begin a zip archive that holds an entry whose name or content says `mark` early.
pub(crate) fn looks_like(start: &[u8], mark: &str) -> u8 {
    if !start.starts_with(b"PK\x03\x04") {
        return 0;
    }
    if memchr::memmem::find(start, mark.as_bytes()).is_some() { 95 } else { 0 }
}
