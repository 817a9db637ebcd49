use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use std::{
    ops::Deref,
    sync::{Arc, OnceLock},
};

/// A part of a run that seldom changes: copied for nothing with the rest, stored as what it holds, and turned
/// into JSON once for all the times that the run is saved.
#[derive(Debug, Default)]
pub(super) struct Shared<T>(Arc<Held<T>>);

#[derive(Debug, Default)]
struct Held<T> {
    inner: T,
    text: OnceLock<Option<Box<RawValue>>>,
}

impl<T: Clone> Clone for Held<T> {
    fn clone(&self) -> Self {
        // whoever takes it apart is about to change it
        Self { inner: self.inner.clone(), text: OnceLock::new() }
    }
}

impl<T: Clone> Shared<T> {
    /// To change it, apart from those who have it, too.
    pub(super) fn make_mut(&mut self) -> &mut T {
        let held = Arc::make_mut(&mut self.0);
        held.text = OnceLock::new();
        &mut held.inner
    }

    pub(super) fn into_inner(self) -> T {
        Arc::unwrap_or_clone(self.0).inner
    }
}

impl<T> From<T> for Shared<T> {
    fn from(inner: T) -> Self {
        Self(Arc::new(Held { inner, text: OnceLock::new() }))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.inner
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.inner == other.0.inner
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.text.get_or_init(|| to_raw_value(&self.0.inner).ok()) {
            Some(text) => text.serialize(serializer),
            // it says itself what is wrong with it
            None => self.0.inner.serialize(serializer),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_written_and_what_others_hold_stays() {
        let mut one = Shared::from(vec![1]);
        let text = |shared: &Shared<Vec<u8>>| serde_json::to_string(shared).unwrap();
        assert_eq!(text(&one), "[1]");
        one.make_mut().push(2);
        assert_eq!(text(&one), "[1,2]", "nobody else has it");
        let other = one.clone();
        one.make_mut().push(3);
        assert_eq!((text(&one), text(&other)), ("[1,2,3]".to_owned(), "[1,2]".to_owned()));
        assert_eq!(serde_json::from_str::<Shared<Vec<u8>>>(&text(&one)).unwrap(), one);
    }
}
