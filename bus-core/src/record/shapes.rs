use super::{BuildError, Key, Shape, builder::small};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// The shapes met so far, as a tree of keys: the path from the root to a node is a list of keys.
#[derive(Debug)]
pub(super) struct Shapes {
    nodes: Vec<Node>,
    edges: FxHashMap<(u32, Key), u32>,
    /// The keys on the way to a node where a long path ends that may grow on: looking back along the path for
    /// every new key would cost quadratic time.
    paths: FxHashMap<u32, FxHashSet<Key>>,
    batch: u32,
}

#[derive(Debug, Default)]
struct Node {
    parent: u32,
    key: Option<Key>,
    /// The node that followed last: in a table the next one too.
    likely: u32,
    /// How many keys lead here.
    depth: u32,
    shape: Option<Arc<Shape>>,
    /// Where the shape stands in the batch numbered so.
    place: (u32, u32),
}

/// Objects used as maps would grow the tree without end; past this it starts anew.
const MOST_NODES: usize = 65_536;

/// Up to so many keys, looking back along the path is faster than a set of them.
const SHORT_PATH: u32 = 32;

impl Default for Shapes {
    fn default() -> Self {
        Self {
            nodes: vec![Node::default()],
            edges: FxHashMap::default(),
            paths: FxHashMap::default(),
            batch: 1,
        }
    }
}

impl Shapes {
    pub(super) const ROOT: u32 = 0;

    /// Forgets what holds for one batch only.
    pub(super) fn next_batch(&mut self) {
        if self.nodes.len() > MOST_NODES {
            *self = Self::default();
        }
        self.paths.clear();
        self.batch = self.batch.wrapping_add(1).max(1);
    }

    /// The node that `key` leads to.
    pub(super) fn step(&mut self, node: u32, key: &str) -> Result<u32, BuildError> {
        let likely = self.nodes.get(node as usize).map_or(0, |known| known.likely);
        if likely != 0 && self.nodes.get(likely as usize).and_then(|next| next.key.as_deref()) == Some(key) {
            return Ok(likely);
        }
        let key: Key = key.into();
        if let Some(next) = self.edges.get(&(node, Key::clone(&key))) {
            if let Some(known) = self.nodes.get_mut(node as usize) {
                known.likely = *next;
            }
            return Ok(*next);
        }
        self.grow(node, key)
    }

    /// A new node behind another, for a key that is not on the way to it.
    fn grow(&mut self, node: u32, key: Key) -> Result<u32, BuildError> {
        let next = small(self.nodes.len());
        let depth = self.nodes.get(node as usize).map_or(0, |known| known.depth);
        if depth < SHORT_PATH {
            if self.path(node).any(|known| *known == key) {
                return Err(BuildError::DuplicateKey(key.as_ref().to_owned()));
            }
        } else {
            let path = self.paths.remove(&node);
            let mut path = path.unwrap_or_else(|| self.path(node).cloned().collect());
            let new = path.insert(Key::clone(&key));
            self.paths.insert(if new { next } else { node }, path);
            if !new {
                return Err(BuildError::DuplicateKey(key.as_ref().to_owned()));
            }
        }
        self.nodes.push(Node {
            parent: node,
            key: Some(Key::clone(&key)),
            depth: depth + 1,
            ..Node::default()
        });
        self.edges.insert((node, key), next);
        if let Some(known) = self.nodes.get_mut(node as usize) {
            known.likely = next;
        }
        Ok(next)
    }

    /// The keys on the way to a node, last first.
    fn path(&self, node: u32) -> impl Iterator<Item = &Key> {
        let mut here = self.nodes.get(node as usize);
        std::iter::from_fn(move || {
            let Node { parent, key: Some(key), .. } = here? else { return None };
            here = self.nodes.get(*parent as usize);
            Some(key)
        })
    }

    /// The keys that lead to a node.
    pub(super) fn keys(&self, node: u32) -> Vec<Key> {
        let mut keys: Vec<Key> = self.path(node).cloned().collect();
        keys.reverse();
        keys
    }

    /// Where the shape of a node stands among the shapes of the batch.
    pub(super) fn place(&mut self, node: u32, shapes: &mut Vec<Arc<Shape>>) -> u32 {
        let batch = self.batch;
        if let Some(known) = self.nodes.get(node as usize)
            && known.place.0 == batch
        {
            return known.place.1;
        }
        let made = self.nodes.get(node as usize).and_then(|known| known.shape.clone());
        let shape = made.unwrap_or_else(|| Arc::new(Shape::new(self.keys(node))));
        let place = small(shapes.len());
        shapes.push(Arc::clone(&shape));
        if let Some(known) = self.nodes.get_mut(node as usize) {
            known.shape = Some(shape);
            known.place = (batch, place);
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_once_on_short_and_long_paths() -> Result<(), BuildError> {
        for many in [3, 200] {
            let mut shapes = Shapes::default();
            let mut node = Shapes::ROOT;
            for number in 0..many {
                node = shapes.step(node, &number.to_string())?;
            }
            assert_eq!(shapes.step(node, "1"), Err(BuildError::DuplicateKey("1".to_owned())));
            let longer = shapes.step(node, "new")?;
            assert_eq!(shapes.keys(longer).len(), many + 1);
        }
        Ok(())
    }

    #[test]
    fn paths_that_part_late_keep_their_own_keys() -> Result<(), BuildError> {
        let mut shapes = Shapes::default();
        let mut node = Shapes::ROOT;
        for number in 0..100 {
            node = shapes.step(node, &number.to_string())?;
        }
        let (left, right) = (shapes.step(node, "left")?, shapes.step(node, "right")?);
        let over = shapes.step(left, "right")?;
        assert_eq!(shapes.step(right, "right"), Err(BuildError::DuplicateKey("right".to_owned())));
        assert_eq!(shapes.step(over, "left"), Err(BuildError::DuplicateKey("left".to_owned())));
        Ok(())
    }
}
