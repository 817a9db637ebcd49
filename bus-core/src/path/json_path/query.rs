//! Follows a query through values.

use super::{
    filter,
    tree::{Segment, Selector},
};
use crate::record::Value;
use std::{fmt::Write as _, rc::Rc};

/// A value a query came to, and the way it took.
#[derive(Clone)]
pub(super) struct Node<'a> {
    pub(super) value: Value<'a>,
    /// Kept only if it will be asked for.
    way: Option<Rc<Way<'a>>>,
}

enum Way<'a> {
    Root,
    Name(Rc<Way<'a>>, &'a str),
    Index(Rc<Way<'a>>, usize),
}

impl<'a> Node<'a> {
    pub(super) fn root(value: Value<'a>, located: bool) -> Self {
        Self { value, way: located.then(|| Rc::new(Way::Root)) }
    }

    fn field(&self, name: &'a str, value: Value<'a>) -> Self {
        Self { value, way: self.way.as_ref().map(|way| Rc::new(Way::Name(Rc::clone(way), name))) }
    }

    fn item(&self, index: usize, value: Value<'a>) -> Self {
        Self { value, way: self.way.as_ref().map(|way| Rc::new(Way::Index(Rc::clone(way), index))) }
    }

    /// The normalized path.
    pub(super) fn path(&self) -> String {
        let mut out = String::from("$");
        if let Some(way) = &self.way {
            way.write(&mut out);
        }
        out
    }

    /// Everything directly in it, in order.
    fn each(&self, mut take: impl FnMut(Self)) {
        match self.value {
            Value::List(list) => {
                list.iter().enumerate().for_each(|(index, item)| take(self.item(index, item)));
            }
            Value::Object(object) => object.iter().for_each(|(key, value)| take(self.field(key, value))),
            _ => {}
        }
    }
}

impl Way<'_> {
    fn write(&self, out: &mut String) {
        match self {
            Self::Root => {}
            Self::Index(before, index) => {
                before.write(out);
                out.push('[');
                out.push_str(itoa::Buffer::new().format(*index));
                out.push(']');
            }
            Self::Name(before, name) => {
                before.write(out);
                out.push_str("['");
                name.chars().for_each(|letter| write_letter(letter, out));
                out.push_str("']");
            }
        }
    }
}

fn write_letter(letter: char, out: &mut String) {
    match letter {
        '\u{8}' => out.push_str("\\b"),
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\u{c}' => out.push_str("\\f"),
        '\r' => out.push_str("\\r"),
        '\'' => out.push_str("\\'"),
        '\\' => out.push_str("\\\\"),
        letter if letter < ' ' => {
            // writing to a string cannot go wrong
            let _ok = write!(out, "\\u{:04x}", u32::from(letter)).is_ok();
        }
        letter => out.push(letter),
    }
}

/// What the segments lead to from `start`; `root` is what `$` means in filters.
pub(super) fn run<'a>(segments: &'a [Segment], root: Value<'a>, start: Node<'a>) -> Vec<Node<'a>> {
    let mut nodes = vec![start];
    for segment in segments {
        let mut found = Vec::new();
        match segment {
            Segment::Child(selectors) => {
                nodes.iter().for_each(|node| select_all(selectors, root, node, &mut found));
            }
            Segment::Descendant(selectors) => {
                nodes.iter().for_each(|node| descend(selectors, root, node, &mut found));
            }
        }
        nodes = found;
    }
    nodes
}

fn descend<'a>(selectors: &'a [Selector], root: Value<'a>, node: &Node<'a>, found: &mut Vec<Node<'a>>) {
    select_all(selectors, root, node, found);
    node.each(|inner| descend(selectors, root, &inner, found));
}

fn select_all<'a>(selectors: &'a [Selector], root: Value<'a>, node: &Node<'a>, found: &mut Vec<Node<'a>>) {
    for selector in selectors {
        select(selector, root, node, found);
    }
}

fn select<'a>(selector: &'a Selector, root: Value<'a>, node: &Node<'a>, found: &mut Vec<Node<'a>>) {
    match selector {
        Selector::Name(name) => {
            if let Some(value) = node.value.as_object().and_then(|object| object.get(name)) {
                found.push(node.field(name, value));
            }
        }
        Selector::Every => node.each(|inner| found.push(inner)),
        Selector::Index(index) => {
            let Some(list) = node.value.as_list() else { return };
            let place = from_end(*index, list.len());
            if let Some((place, value)) = place.and_then(|place| Some((place, list.get(place)?))) {
                found.push(node.item(place, value));
            }
        }
        Selector::Slice { start, end, step } => {
            let Some(list) = node.value.as_list() else { return };
            for place in slice(list.len(), *start, *end, *step) {
                if let Some(value) = list.get(place) {
                    found.push(node.item(place, value));
                }
            }
        }
        Selector::Filter(test) => node.each(|inner| {
            if filter::holds(test, root, inner.value) {
                found.push(inner);
            }
        }),
    }
}

/// An index from 0, of one that may count from the end.
fn from_end(index: i64, len: usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

/// The indexes of a slice (RFC 9535 §2.3.4.2.2).
fn slice(len: usize, start: Option<i64>, end: Option<i64>, step: i64) -> Vec<usize> {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let normal = |index: i64| if index >= 0 { index } else { len + index };
    let mut places = Vec::new();
    let mut push = |place: i64| places.extend(usize::try_from(place));
    if step > 0 {
        let (mut at, upper) =
            (normal(start.unwrap_or(0)).clamp(0, len), normal(end.unwrap_or(len)).clamp(0, len));
        while at < upper {
            push(at);
            at = at.saturating_add(step);
        }
    } else if step < 0 {
        let mut at = normal(start.unwrap_or(len - 1)).clamp(-1, len - 1);
        let lower = end.map_or(-1, |end| normal(end).clamp(-1, len - 1));
        while at > lower {
            push(at);
            at = at.saturating_add(step);
        }
    }
    places
}
