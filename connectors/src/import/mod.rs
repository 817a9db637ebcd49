//! Workflows of the earlier Node.js Semantic Bus: its export becomes a workflow document and a report.
//!
//! Every component of the export becomes steps, or is kept switched off with the reason; both of its
//! template languages become expressions and templates of ours; passwords, tokens and keys become named
//! secrets, whose values stand in no document and no report.

mod export;
mod finish;
mod given;
mod kinds;
mod links;
mod pattern;
mod query;
mod report;
mod script;
mod secrets;
mod template;
mod translate;
mod work;

pub use report::{Import, ImportError, ImportedComponent, NamedSecret};

use bus_core::Language;

/// Makes a workflow of an export. Notes in the document are in `language`.
///
/// The document loads, and its check finds no error but in steps that are switched off.
///
/// # Errors
/// When the text is no such export, or a larger one than is read; with the place, where there is one.
pub fn import(text: &str, language: Language) -> Result<Import, ImportError> {
    let export = export::read(text)?;
    Ok(translate::translate(export, language))
}

#[cfg(test)]
mod tests;
