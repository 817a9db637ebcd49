//! The workflows that come with the bus, with the files they read.

use bus_core::{api::GalleryEntry, workflow::Workflow};
use std::sync::LazyLock;

/// Documents: id and text.
static DOCUMENTS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/gallery.rs"));
/// Sample data: the path that documents name, and the bytes.
static SAMPLES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/samples.rs"));

/// Reads what another one has written: of no use by itself.
const FOLLOWS_ANOTHER: &str = "conversion-retour";

/// A workflow of the gallery.
pub(crate) struct Piece {
    pub(crate) entry: GalleryEntry,
    text: &'static str,
}

static PIECES: LazyLock<Vec<Piece>> = LazyLock::new(|| {
    let alone = DOCUMENTS.iter().filter(|(id, _)| *id != FOLLOWS_ANOTHER);
    let loaded = alone.filter_map(|(id, text)| {
        let document = Workflow::load(text).ok()?.workflow;
        Some(Piece { entry: GalleryEntry { id: (*id).to_owned(), document }, text })
    });
    loaded.collect()
});

/// All of them.
pub(crate) fn pieces() -> &'static [Piece] {
    &PIECES
}

impl Piece {
    /// The files the workflow names, by the paths it has for them.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&'static str, &'static [u8])> {
        let named = |path: &str| {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            self.text.contains(path) || self.text.contains(&format!("{folder}/*"))
        };
        SAMPLES.iter().copied().filter(move |(path, _)| named(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_workflow_has_its_files() {
        let files = |id: &str| {
            let piece = pieces().iter().find(|piece| piece.entry.id == id).expect("in the gallery");
            piece.files().map(|(path, _)| path).collect::<Vec<_>>()
        };
        assert_eq!(files("bornes-de-recharge"), ["donnees/bornes-de-recharge.csv"]);
        let solar = files("production-solaire");
        assert_eq!(solar.len(), 18, "{solar:?}");
        assert!(
            solar.contains(&"donnees/compteur.senml.json")
                && solar.contains(&"donnees/enphase/production-0800.json")
        );
        assert_eq!(pieces().len(), DOCUMENTS.len() - 1, "every document loads");
    }
}
