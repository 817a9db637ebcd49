//! Published data in memory, encoded and packed once for each version: what answers most calls.

use crate::packed::Packed;
use bus_core::api::Time;
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// What is known of a publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Published {
    /// Tells its versions apart.
    pub(crate) version: String,
    /// The workflow that makes it.
    pub(crate) workflow: String,
    /// Since when this version stands.
    pub(crate) at: Time,
    /// Whether everybody may read it.
    pub(crate) public: bool,
}

/// How long what is known of a publication is believed without asking the store.
const BELIEVED: Duration = Duration::from_millis(500);

/// What is asked of the shelf: a publication, and the place of the format among those offered.
pub(crate) type Wanted<'a> = (&'a str, usize);

/// What the shelf holds.
#[derive(Debug)]
pub(crate) struct Shelf {
    budget: usize,
    state: Mutex<State>,
    /// One document is made at a time, so that many who ask for the same wait for one.
    pub(crate) making: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    known: HashMap<String, Known>,
    made: HashMap<(String, usize), Made>,
    bytes: usize,
    /// Grows with each use.
    uses: u64,
}

#[derive(Debug)]
struct Known {
    published: Published,
    asked: Instant,
}

#[derive(Debug)]
struct Made {
    version: String,
    packed: Packed,
    used: u64,
}

/// What is known of a publication, and whether the caller is the one to look whether it still holds.
#[derive(Debug)]
pub(crate) enum Look {
    /// Believe it.
    Fresh(Published),
    /// Ask the store, then [`Shelf::note`] what it says.
    Ask,
}

impl Shelf {
    /// A shelf for so many bytes.
    pub(crate) fn new(budget: usize) -> Self {
        Self { budget, state: Mutex::default(), making: tokio::sync::Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of a publication. Of many who come when it is time to ask, one asks and the others believe.
    pub(crate) fn look(&self, slug: &str) -> Look {
        let now = Instant::now();
        match self.state().known.get_mut(slug) {
            Some(known) if now < known.asked + BELIEVED => Look::Fresh(known.published.clone()),
            Some(known) => {
                known.asked = now;
                Look::Ask
            }
            None => Look::Ask,
        }
    }

    /// Notes what the store says of a publication; of one that is gone, everything is forgotten.
    pub(crate) fn note(&self, slug: &str, published: Option<&Published>) {
        let mut state = self.state();
        match published {
            Some(published) => {
                let known = Known { published: published.clone(), asked: Instant::now() };
                state.known.insert(slug.to_owned(), known);
            }
            None => {
                state.known.remove(slug);
                let gone: Vec<_> = state.made.keys().filter(|(known, _)| known == slug).cloned().collect();
                gone.iter().for_each(|key| state.drop_made(key));
            }
        }
    }

    /// The packed document of a version, if it is there.
    pub(crate) fn get(&self, (slug, format): Wanted<'_>, version: &str) -> Option<Packed> {
        let mut state = self.state();
        state.uses += 1;
        let uses = state.uses;
        let made = state.made.get_mut(&(slug.to_owned(), format)).filter(|made| made.version == version)?;
        made.used = uses;
        Some(made.packed.clone())
    }

    /// Keeps a packed document; what was used longest ago makes room. One that is larger than the shelf is not kept.
    pub(crate) fn put(&self, (slug, format): Wanted<'_>, version: &str, packed: &Packed) {
        let mut state = self.state();
        let key = (slug.to_owned(), format);
        state.drop_made(&key);
        let size = packed.size();
        if size > self.budget {
            return;
        }
        while state.bytes + size > self.budget {
            let oldest = state.made.iter().min_by_key(|(_, made)| made.used).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            state.drop_made(&oldest);
        }
        state.uses += 1;
        let made = Made { version: version.to_owned(), packed: packed.clone(), used: state.uses };
        state.bytes += size;
        state.made.insert(key, made);
    }

    /// Bytes that it holds.
    pub(crate) fn bytes(&self) -> usize {
        self.state().bytes
    }
}

impl State {
    fn drop_made(&mut self, key: &(String, usize)) {
        if let Some(made) = self.made.remove(key) {
            self.bytes -= made.packed.size();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(bytes: usize) -> Packed {
        Packed::of_parts("text/plain", vec![0; bytes].into(), None, None)
    }

    #[test]
    fn what_was_used_longest_ago_makes_room() {
        let shelf = Shelf::new(100);
        shelf.put(("a", 0), "1", &packed(40));
        shelf.put(("b", 0), "1", &packed(40));
        assert!(shelf.get(("a", 0), "1").is_some());
        shelf.put(("c", 0), "1", &packed(40));
        assert!(shelf.get(("b", 0), "1").is_none());
        assert!(shelf.get(("a", 0), "1").is_some() && shelf.get(("c", 0), "1").is_some());
        shelf.put(("d", 0), "1", &packed(101));
        assert!(shelf.get(("d", 0), "1").is_none());
        assert_eq!(shelf.bytes(), 80);
    }

    #[test]
    fn another_version_takes_the_place_of_the_one_before() {
        let shelf = Shelf::new(100);
        shelf.put(("a", 0), "1", &packed(40));
        assert!(shelf.get(("a", 0), "2").is_none());
        shelf.put(("a", 0), "2", &packed(50));
        assert_eq!(shelf.bytes(), 50);
        shelf.note("a", None);
        assert_eq!(shelf.bytes(), 0);
    }

    #[test]
    fn one_asks_the_others_believe() {
        let shelf = Shelf::new(100);
        let published = Published { version: "1".into(), workflow: "w".into(), at: Time(0), public: true };
        assert!(matches!(shelf.look("a"), Look::Ask));
        shelf.note("a", Some(&published));
        assert!(matches!(shelf.look("a"), Look::Fresh(known) if known == published));
    }
}
