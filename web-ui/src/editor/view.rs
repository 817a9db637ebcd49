//! What part of the canvas is seen, and what is being dragged. Moved by hand, outside of the state, so that
//! it stays smooth: only what results of it becomes an action.

use super::{WIDTH, curve};
use bus_core::workflow::{Link, Port, Position};
use std::collections::BTreeMap;
use web_sys::{Element, HtmlElement};
use yew::NodeRef;

/// The smallest and the largest scale.
const SCALES: (f64, f64) = (0.2, 2.0);

/// What part of the canvas is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct View {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) scale: f64,
    /// The width and height of the window part, where they are known.
    pub(super) size: (f64, f64),
}

impl Default for View {
    fn default() -> Self {
        Self { x: 0.0, y: 0.0, scale: 1.0, size: (0.0, 0.0) }
    }
}

impl View {
    /// Shows it.
    pub(super) fn apply(self, layer: &NodeRef) {
        if let Some(layer) = layer.cast::<HtmlElement>() {
            let transform = format!("translate({:.1}px,{:.1}px) scale({:.4})", self.x, self.y, self.scale);
            set(&layer, "transform", &transform);
        }
    }

    /// The place on the canvas that is seen at a place of the window part.
    pub(super) fn place(self, x: f64, y: f64) -> (i32, i32) {
        (whole((x - self.x) / self.scale), whole((y - self.y) / self.scale))
    }

    /// Larger or smaller by `factor`, so that what is at `x`, `y` stays there.
    pub(super) fn zoom(&mut self, factor: f64, x: f64, y: f64) {
        let scale = (self.scale * factor).clamp(SCALES.0, SCALES.1);
        let ratio = scale / self.scale;
        self.x = x - (x - self.x) * ratio;
        self.y = y - (y - self.y) * ratio;
        self.scale = scale;
    }

    /// The window part has another size now: what is drawn, which spans these pixels of it, stays in its middle, as
    /// far as nothing of it is pushed out of sight.
    pub(super) fn resize(&mut self, size: (f64, f64), across: (f64, f64), down: (f64, f64)) {
        if self.size.0 > 0.0 && self.size.1 > 0.0 {
            self.x += slide((self.size.0, size.0), across);
            self.y += slide((self.size.1, size.1), down);
        }
        self.size = size;
    }

    /// The view that shows everything in a window part of this size.
    pub(super) fn fitting(boxes: impl Iterator<Item = (Position, i32)>, width: f64, height: f64) -> Self {
        let corners = boxes.fold(None, |found: Option<(i32, i32, i32, i32)>, (at, high)| {
            let (left, top, right, bottom) = found.unwrap_or((at.x, at.y, at.x, at.y));
            Some((left.min(at.x), top.min(at.y), right.max(at.x + WIDTH), bottom.max(at.y + high)))
        });
        let Some((left, top, right, bottom)) = corners else { return Self::default() };
        let (wide, high) = (f64::from(right - left), f64::from(bottom - top));
        let scale = ((width - 56.0) / wide).min((height - 110.0) / high).clamp(SCALES.0, 1.0);
        Self {
            scale,
            x: (width - wide * scale) / 2.0 - f64::from(left) * scale,
            y: (height - high * scale) / 2.0 - f64::from(top) * scale,
            size: (width, height),
        }
    }
}

/// Pixels that are left free at the edge.
const EDGE: f64 = 24.0;

/// How far to slide what spans the pixels from `low` to `high` when the room changes from `was` to `is`.
fn slide((was, is): (f64, f64), (low, high): (f64, f64)) -> f64 {
    let half = (is - was) / 2.0;
    if half < 0.0 { half.max(-(low - EDGE).max(0.0)) } else { half.min((is - EDGE - high).max(0.0)) }
}

/// What is being dragged.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Drag {
    /// Nothing.
    #[default]
    None,
    /// The canvas itself.
    Pan { x: f64, y: f64 },
    /// Steps, from these places.
    Steps { x: f64, y: f64, from: BTreeMap<String, Position>, moved: bool },
    /// A link out of a port that is at this place.
    Link { from: Port, at: (i32, i32), x: f64, y: f64, moved: bool },
    /// A frame around steps to choose, from this place of the canvas.
    Frame { x: f64, y: f64, at: (i32, i32) },
}

/// Puts the element of a step at its place.
pub(super) fn put(element: &HtmlElement, at: Position) {
    set(element, "transform", &format!("translate({}px,{}px)", at.x, at.y));
}

/// Draws a link, and puts what stands on it in its middle.
pub(super) fn draw(index: usize, from: (i32, i32), to: (i32, i32)) {
    let line = curve(from, to);
    for id in [format!("link-{index}"), format!("link-wide-{index}")] {
        if let Some(path) = path(&id) {
            path.set_attribute("d", &line).unwrap_or_default();
        }
    }
    if let Some(middle) = crate::browser::element(&format!("middle-{index}")) {
        put(&middle, middle_of(from, to));
    }
}

/// The middle of a link.
pub(super) fn middle_of(from: (i32, i32), to: (i32, i32)) -> Position {
    Position { x: (from.0 + to.0) / 2, y: (from.1 + to.1) / 2 }
}

fn path(id: &str) -> Option<Element> {
    crate::browser::page()?.get_element_by_id(id)
}

/// Sets a property of an element's style; the page's policy allows this, not a `style` attribute.
pub(super) fn set(element: &HtmlElement, name: &str, value: &str) {
    element.style().set_property(name, value).unwrap_or_default();
}

/// Whether a link begins or ends at one of these steps.
pub(super) fn touches(link: &Link, steps: &BTreeMap<String, Position>) -> bool {
    steps.contains_key(&link.from.step) || steps.contains_key(&link.to.step)
}

/// The nearest whole pixel.
#[expect(clippy::cast_possible_truncation, reason = "places are clamped to what a canvas can show")]
pub(super) fn whole(pixels: f64) -> i32 {
    pixels.round().clamp(-1e6, 1e6) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_under_the_pointer_stays_there() {
        let mut view = View { x: 10.0, y: 20.0, scale: 1.0, size: (0.0, 0.0) };
        let before = view.place(300.0, 200.0);
        view.zoom(1.5, 300.0, 200.0);
        assert_eq!(view.place(300.0, 200.0), before);
    }

    #[test]
    fn what_is_in_the_middle_stays_there() {
        let mut view = View { x: 10.0, y: 20.0, scale: 0.5, size: (800.0, 600.0) };
        let middle = view.place(400.0, 300.0);
        view.resize((800.0, 400.0), (100.0, 700.0), (200.0, 400.0));
        assert_eq!(view.place(400.0, 200.0), middle);
    }

    #[test]
    fn nothing_is_pushed_out_of_sight() {
        let mut view = View { x: 10.0, y: 20.0, scale: 1.0, size: (800.0, 600.0) };
        view.resize((800.0, 300.0), (100.0, 700.0), (40.0, 120.0));
        assert!((view.y - 4.0).abs() < 1e-9, "only what room there is above: {view:?}");
        view.resize((800.0, 600.0), (100.0, 700.0), (24.0, 590.0));
        assert!((view.y - 4.0).abs() < 1e-9, "there is no room below: {view:?}");
    }

    #[test]
    fn everything_fits() {
        let boxes = [(Position { x: 0, y: 0 }, 86), (Position { x: 2000, y: 300 }, 86)];
        let view = View::fitting(boxes.into_iter(), 1000.0, 600.0);
        let (left, top) = view.place(0.0, 0.0);
        let (right, bottom) = view.place(1000.0, 600.0);
        assert!(left <= 0 && top <= 0 && right >= 2200 && bottom >= 386);
    }
}
