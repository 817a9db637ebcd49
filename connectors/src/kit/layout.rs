//! The layout of an object that is rewritten: which fields stay, move, go and come.

use bus_core::{
    Message, msg,
    path::{FieldPath, Segment},
    record::{Key, Shape},
};
use std::sync::Arc;

/// Rules for the fields of records, checked against each other.
#[derive(Debug)]
pub(crate) struct Layout {
    levels: Vec<Level>,
}

/// The rules for the fields of one object: the record itself, or a nested one.
#[derive(Debug, Default)]
struct Level {
    writes: Vec<(Box<str>, Write)>,
    renames: Vec<(Box<str>, Box<str>)>,
    drops: Vec<Box<str>>,
    keep: bool,
    /// What the rules mean for the shapes met last.
    plans: Vec<(Option<Arc<Shape>>, Arc<Plan>)>,
}

#[derive(Debug, Clone, Copy)]
enum Write {
    Value(usize),
    /// A nested object, by its place among the levels.
    Level(usize),
}

/// What the rules of a level mean for objects of one shape: the new shape, and where its values come from.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) shape: Arc<Shape>,
    pub(crate) from: Vec<Origin>,
}

/// Where a value of the new object comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Origin {
    /// The cell at this position of the input.
    Cell(usize),
    /// The value numbered so.
    Value(usize),
    /// A nested object, with the position of the one it goes back to.
    Level(usize, Option<usize>),
}

/// The level of the record itself.
pub(crate) const ROOT: usize = 0;
/// Shapes whose plans are remembered for each level.
const MOST_PLANS: usize = 16;

impl Layout {
    /// No rule yet; fields that no rule names stay if `keep`.
    pub(crate) fn new(keep: bool) -> Self {
        Self { levels: vec![Level { keep, ..Level::default() }] }
    }

    /// What the rules of a level mean for objects of one shape.
    pub(crate) fn plan(&mut self, level: usize, shape: Option<&Arc<Shape>>) -> Arc<Plan> {
        self.level(level).plan(shape)
    }

    /// Whether the level has something to write into an object that is not there.
    pub(crate) fn makes_values(&self, level: usize) -> bool {
        self.levels.get(level).is_some_and(|level| {
            level.writes.iter().any(|(_, write)| match write {
                Write::Value(_) => true,
                Write::Level(inner) => self.makes_values(*inner),
            })
        })
    }

    /// Leaves a field out.
    ///
    /// # Errors
    /// When it cannot be left out by itself.
    pub(crate) fn drop(&mut self, path: &FieldPath) -> Result<(), Message> {
        let (level, name) = self.level_of(path)?;
        self.level(level).drops.push(name);
        Ok(())
    }

    fn level(&mut self, place: usize) -> &mut Level {
        let place = if place < self.levels.len() { place } else { ROOT };
        // there is always a root
        #[expect(clippy::indexing_slicing, reason = "checked just above")]
        &mut self.levels[place]
    }

    /// The level that a field belongs to, made where it is new, and its name there.
    fn level_of(&mut self, path: &FieldPath) -> Result<(usize, Box<str>), Message> {
        let mut names = Vec::new();
        for segment in path.segments() {
            match segment {
                Segment::Key(key) => names.push(key.clone()),
                Segment::Index(_) => {
                    return Err(msg!(
                        "`{path}`: a list's item cannot be written or left out by itself",
                        path = path.to_string()
                    ));
                }
            }
        }
        let Some(last) = names.pop() else { return Err(msg!("a field needs a name")) };
        let mut at = ROOT;
        for name in names {
            let known =
                self.level(at).writes.iter().find(|(known, _)| *known == name).map(|(_, write)| *write);
            at = match known {
                Some(Write::Level(level)) => level,
                Some(Write::Value(_)) => {
                    return Err(msg!(
                        "`{path}` stands in a field that is written as a whole",
                        path = path.to_string()
                    ));
                }
                None => {
                    let keep = self.level(at).keep;
                    self.levels.push(Level { keep, ..Level::default() });
                    let made = self.levels.len() - 1;
                    self.level(at).writes.push((name, Write::Level(made)));
                    made
                }
            };
        }
        Ok((at, last))
    }

    /// Writes the value numbered `value` into a field.
    ///
    /// # Errors
    /// When another rule writes that field, or one around it.
    pub(crate) fn write(&mut self, path: &FieldPath, value: usize) -> Result<(), Message> {
        let (level, name) = self.level_of(path)?;
        let level = self.level(level);
        let taken = level.writes.iter().any(|(known, _)| *known == name)
            || level.renames.iter().any(|(_, to)| *to == name);
        if taken {
            return Err(msg!("`{path}` is written twice", path = path.to_string()));
        }
        level.writes.push((name, Write::Value(value)));
        Ok(())
    }

    /// Renames a field within its object, where it keeps its position; `false`, and nothing done, if the
    /// new name is in another object.
    ///
    /// # Errors
    /// When another rule writes the field of the new name.
    pub(crate) fn rename(&mut self, from: &FieldPath, to: &FieldPath) -> Result<bool, Message> {
        let siblings = from.segments().split_last().map(|(_, outer)| outer)
            == to.segments().split_last().map(|(_, outer)| outer);
        if !siblings {
            return Ok(false);
        }
        let (level, old) = self.level_of(from)?;
        let (_, new) = self.level_of(to)?;
        let level = self.level(level);
        if level.renames.iter().any(|(_, known)| *known == new) {
            return Err(msg!("`{path}` is written twice", path = to.to_string()));
        }
        level.renames.push((old, new));
        Ok(true)
    }
}

impl Level {
    fn plan(&mut self, shape: Option<&Arc<Shape>>) -> Arc<Plan> {
        let same = |known: &Option<Arc<Shape>>| match (known, shape) {
            (Some(known), Some(shape)) => Arc::ptr_eq(known, shape),
            (None, None) => true,
            _ => false,
        };
        if let Some((_, plan)) = self.plans.iter().find(|(known, _)| same(known)) {
            return Arc::clone(plan);
        }
        let plan = Arc::new(self.plan_for(shape.map(|shape| shape.keys()).unwrap_or_default()));
        if self.plans.len() >= MOST_PLANS {
            self.plans.remove(0);
        }
        self.plans.push((shape.cloned(), Arc::clone(&plan)));
        plan
    }

    fn plan_for(&self, keys: &[Key]) -> Plan {
        let mut out: Vec<(Key, Origin)> = Vec::new();
        let new_name =
            |key: &Key| self.renames.iter().find(|(from, _)| **from == **key).map(|(_, to)| Key::from(&**to));
        for (position, key) in keys.iter().enumerate() {
            let renamed = new_name(key);
            let taken = renamed.is_none()
                && self
                    .renames
                    .iter()
                    .any(|(from, to)| **to == **key && keys.iter().any(|key| **key == **from));
            let dropped = self.drops.iter().any(|name| **name == **key);
            let name = renamed.clone().unwrap_or_else(|| Key::clone(key));
            let origin = match self.writes.iter().find(|(written, _)| **written == *name) {
                Some((_, Write::Value(value))) => Origin::Value(*value),
                Some((_, Write::Level(level))) => Origin::Level(*level, Some(position)),
                None if dropped || taken || !(self.keep || renamed.is_some()) => continue,
                None => Origin::Cell(position),
            };
            // without the rest, the order is that of the settings
            if self.keep || matches!(origin, Origin::Cell(_)) {
                out.push((name, origin));
            }
        }
        for (name, write) in &self.writes {
            if !out.iter().any(|(known, _)| **known == **name) {
                let position = keys.iter().position(|key| **key == **name);
                let origin = match write {
                    Write::Value(value) => Origin::Value(*value),
                    Write::Level(level) => Origin::Level(*level, position),
                };
                out.push((Key::from(&**name), origin));
            }
        }
        let (keys, from) = out.into_iter().unzip();
        Plan { shape: Arc::new(Shape::new(keys)), from }
    }
}
