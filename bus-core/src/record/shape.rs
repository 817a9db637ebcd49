use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The name of a field.
pub type Key = Arc<str>;

/// The ordered list of keys that objects of one form share.
///
/// Objects of one shape keep their values in the order of its keys, so a field is found once per
/// shape (see [`super::Slot`]) and read by position after that.
#[derive(Debug, PartialEq, Eq)]
pub struct Shape {
    keys: Vec<Key>,
    /// Only for shapes with many keys; a few are found faster by looking at each.
    index: Option<FxHashMap<Key, usize>>,
}

const INDEX_FROM: usize = 12;

impl Shape {
    /// A shape with these keys; of a key that comes twice the first place counts.
    #[must_use]
    pub fn new(keys: Vec<Key>) -> Self {
        let index = (keys.len() >= INDEX_FROM).then(|| {
            let mut index = FxHashMap::default();
            for (slot, key) in keys.iter().enumerate() {
                index.entry(Arc::clone(key)).or_insert(slot);
            }
            index
        });
        Self { keys, index }
    }

    /// A shape of string keys.
    pub fn of<K: Into<Key>>(keys: impl IntoIterator<Item = K>) -> Arc<Self> {
        Arc::new(Self::new(keys.into_iter().map(Into::into).collect()))
    }

    /// The keys, in the order of the values.
    #[must_use]
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether objects of this shape have no fields.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The position of `key`.
    #[must_use]
    pub fn position(&self, key: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(key).copied(),
            None => self.keys.iter().position(|known| &**known == key),
        }
    }
}
