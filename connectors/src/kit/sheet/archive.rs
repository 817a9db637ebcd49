//! The zip around a workbook: refused if it would unpack to too much.

use crate::contract::{FormatError, Limits};
use bus_core::msg;
use std::io::{Cursor, Read as _};
use zip::ZipArchive;

/// Archives that unpack to less are never called bombs.
const HARMLESS: u64 = 16 << 20;
/// A workbook may unpack to this many times what a document may have.
const UNPACKED: u64 = 8;

/// Unpacks everything once to nowhere and counts: sizes in a zip's directory may lie.
pub(super) fn check(bytes: &[u8], limits: &Limits) -> Result<(), FormatError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    let packed = bytes.len() as u64;
    let most = (limits.document_bytes as u64).saturating_mul(UNPACKED);
    let most = most.min(packed.saturating_mul(limits.expansion_ratio).max(HARMLESS));
    let mut total = 0;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|error| damaged(&error))?;
        let mut counted = entry.take(most.saturating_sub(total) + 1);
        total += std::io::copy(&mut counted, &mut std::io::sink()).map_err(|error| damaged(&error))?;
        if total > most {
            return Err(FormatError::new(msg!(
                "the workbook unpacks to more than {limit} bytes, {ratio} times its size is allowed (limits `document_bytes`, `expansion_ratio`)",
                limit = most,
                ratio = limits.expansion_ratio
            )));
        }
    }
    Ok(())
}

pub(super) fn damaged(error: &dyn std::fmt::Display) -> FormatError {
    FormatError::new(msg!("the workbook cannot be opened: {problem}", problem = error.to_string()))
}
