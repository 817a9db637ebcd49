//! The manual as pages, from the same schemas as the forms. They need no script and no style.

mod examples;
mod html;
mod page;

pub use examples::examples;

use crate::packed::Packed;
use bus_core::Language;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// Pages made so far: only those that exist, so that callers cannot fill the memory.
static MADE: Mutex<BTreeMap<(String, bool), Packed>> = Mutex::new(BTreeMap::new());

/// The contents (without a name), the page of a connector or format, or the style of them all.
pub(crate) fn page(id: Option<&str>, language: Language) -> Option<Packed> {
    if id == Some("style.css") {
        return Some(Packed::new("text/css; charset=utf-8", include_str!("style.css")));
    }
    let key = (id.unwrap_or_default().to_owned(), language == Language::Fr);
    if let Some(known) = MADE.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Some(known.clone());
    }
    let text = match id {
        None => page::contents(language),
        Some(id) => page::one(id, language)?,
    };
    let made = Packed::new("text/html; charset=utf-8", text).varying("accept-encoding, accept-language");
    MADE.lock().unwrap_or_else(PoisonError::into_inner).insert(key, made.clone());
    Some(made)
}

#[cfg(test)]
mod tests {
    use super::page::{contents, one};
    use bus_core::{Language, catalogue::Catalogue as _};
    use connectors::Connectors;

    #[test]
    fn the_contents_lead_to_every_page() {
        for language in [Language::En, Language::Fr] {
            let text = contents(language);
            let links: Vec<&str> =
                text.split("href=\"/manual/").skip(1).filter_map(|rest| rest.split('?').next()).collect();
            for id in Connectors.ids() {
                assert!(links.contains(&id), "{id}");
            }
            for id in links.iter().filter(|id| !id.contains('.')) {
                assert!(one(id, language).is_some(), "{id}");
            }
        }
    }

    #[test]
    fn a_page_speaks_the_readers_language() {
        let (en, fr) =
            (one("sort", Language::En).expect("a page"), one("sort", Language::Fr).expect("a page"));
        assert!(en.contains("<html lang=\"en\">") && en.contains("<h2>Settings</h2>"), "{en}");
        assert!(fr.contains("<html lang=\"fr\">") && fr.contains("<h2>Réglages</h2>"), "{fr}");
        assert!(!en.contains("<script"));
        assert_eq!(one("no-such-page", Language::En), None);
    }
}
