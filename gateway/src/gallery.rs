//! The workflows that come with the bus, with the files they read.

use bus_core::{api::GalleryEntry, workflow::Workflow};
use std::{borrow::Cow, sync::LazyLock};

/// Documents: id and text.
static DOCUMENTS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/gallery.rs"));
/// Sample data: the path that documents name, and the bytes.
static SAMPLES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/samples.rs"));

/// What the workflows write, as the tests of the binary hold it: the id of the workflow and the path, and the bytes.
static RESULTS: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/results.rs"));

/// A workflow that reads what another one writes, and that one: it comes with the results of that one, so that it runs by
/// itself.
const FOLLOWS: (&str, &str) = ("conversion-retour", "conversion");
/// The folder in which the workflows of the gallery write, and in which one that follows another looks.
const WRITTEN: &str = "resultats";

/// A workflow of the gallery.
pub(crate) struct Piece {
    pub(crate) entry: GalleryEntry,
    text: &'static str,
}

static PIECES: LazyLock<Vec<Piece>> = LazyLock::new(|| {
    let loaded = DOCUMENTS.iter().filter_map(|(id, text)| {
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
    pub(crate) fn files(&self) -> impl Iterator<Item = (Cow<'static, str>, &'static [u8])> {
        let named = |path: &str| {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            self.text.contains(path) || self.text.contains(&format!("{folder}/*"))
        };
        let samples = SAMPLES.iter().filter(move |(path, _)| named(path));
        let before = FOLLOWS.1.to_owned() + "/";
        let follows = self.entry.id == FOLLOWS.0;
        let results = RESULTS.iter().filter_map(move |(path, bytes)| {
            let written = path.strip_prefix(&before).filter(|_| follows)?;
            Some((format!("{WRITTEN}/{written}").into(), *bytes))
        });
        samples.map(|(path, bytes)| (Cow::Borrowed(*path), *bytes)).chain(results)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_workflow_has_its_files() {
        let files = |id: &str| {
            let piece = pieces().iter().find(|piece| piece.entry.id == id).expect("in the gallery");
            piece.files().map(|(path, _)| path.into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(files("bornes-de-recharge"), ["donnees/bornes-de-recharge.csv"]);
        let solar = files("production-solaire");
        assert_eq!(solar.len(), 18, "{solar:?}");
        assert!(
            ["donnees/compteur.senml.json", "donnees/enphase/production-0800.json"]
                .iter()
                .all(|path| solar.iter().any(|known| known == path))
        );
        let written =
            ["csv", "json", "senml.json", "ttl", "xml"].map(|end| format!("resultats/mesures.{end}"));
        assert_eq!(files("conversion-retour"), written);
        assert_eq!(files("conversion"), ["donnees/mesures.csv"]);
        assert_eq!(pieces().len(), DOCUMENTS.len(), "every document loads");
    }
}
