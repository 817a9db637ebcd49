use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Streams of events that are open, by whose they are: nobody may hold too many.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    most: usize,
    open: Arc<Mutex<HashMap<String, usize>>>,
}

impl Streams {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, open: Arc::default() }
    }

    /// A place for one more stream, until it is dropped; `None` if there are too many.
    pub(crate) fn enter(&self, whose: &str) -> Option<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(whose.to_owned()).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Place { whose: whose.to_owned(), open: Arc::clone(&self.open) })
    }

    /// How many are open.
    pub(crate) fn count(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }
}

/// The right to hold a stream open.
#[derive(Debug)]
pub(crate) struct Place {
    whose: String,
    open: Arc<Mutex<HashMap<String, usize>>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.whose) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.whose);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Streams;

    #[test]
    fn places_are_given_back() {
        let streams = Streams::new(2);
        let first = streams.enter("a");
        let second = streams.enter("a");
        assert!(first.is_some() && second.is_some() && streams.enter("a").is_none());
        assert!(streams.enter("b").is_some(), "another one's streams are another one's");
        drop(first);
        assert!(streams.enter("a").is_some());
        drop(second);
        assert_eq!(streams.count(), 0);
    }
}
