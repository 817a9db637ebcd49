//! What pointer, wheel and keys do on the canvas.

use super::{
    Action, CanvasProps, Ports, curve,
    view::{self, Drag, View},
};
use bus_core::workflow::{Link, Port, Position};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

/// What the pointer may wander before it drags.
const STILL: f64 = 4.0;
/// Places are multiples of this.
const GRID: i32 = 8;

/// What is shown, and the elements that show it.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) props: CanvasProps,
    pub(super) ports: Rc<BTreeMap<String, Rc<Ports>>>,
    pub(super) places: Rc<BTreeMap<String, Position>>,
    pub(super) canvas: NodeRef,
    pub(super) layer: NodeRef,
    pub(super) draft: NodeRef,
    pub(super) frame: NodeRef,
}

impl Scene {
    /// Where a link begins and ends.
    pub(super) fn ends(&self, link: &Link) -> Option<((i32, i32), (i32, i32))> {
        self.ends_at(link, |id| self.places.get(id).copied())
    }

    fn ends_at(
        &self,
        link: &Link,
        place: impl Fn(&str) -> Option<Position>,
    ) -> Option<((i32, i32), (i32, i32))> {
        let from = self.ports.get(&link.from.step)?.output_at(place(&link.from.step)?, &link.from.port);
        let to = self.ports.get(&link.to.step)?.input_at(place(&link.to.step)?, &link.to.port);
        Some((from, to))
    }
}

/// What pointer, wheel and keys do.
#[derive(Clone)]
pub(super) struct Gestures {
    scene: Scene,
    view: Rc<RefCell<View>>,
    dragged: Rc<RefCell<Drag>>,
}

impl Gestures {
    pub(super) fn new(scene: &Scene, view: &Rc<RefCell<View>>, dragged: &Rc<RefCell<Drag>>) -> Self {
        Self { scene: scene.clone(), view: Rc::clone(view), dragged: Rc::clone(dragged) }
    }

    fn handler<E: 'static>(&self, act: impl Fn(&Self, E) + 'static) -> Callback<E> {
        let gestures = self.clone();
        Callback::from(move |event| act(&gestures, event))
    }

    /// Shows everything.
    pub(super) fn fit(&self) {
        let Some(canvas) = self.scene.canvas.cast::<HtmlElement>() else { return };
        let high = |id: &str| self.scene.ports.get(id).map_or(0, |ports| ports.height());
        let boxes = self.scene.places.iter().map(|(id, at)| (*at, high(id)));
        let (width, height) = (f64::from(canvas.client_width()), f64::from(canvas.client_height()));
        *self.view.borrow_mut() = View::fitting(boxes, width, height);
        self.view.borrow().apply(&self.scene.layer);
    }

    /// The element of the canvas.
    pub(super) fn canvas(&self) -> NodeRef {
        self.scene.canvas.clone()
    }

    /// After the canvas has changed its size: what is drawn comes to its middle again.
    pub(super) fn keep_middle(&self) {
        let Some(canvas) = self.scene.canvas.cast::<HtmlElement>() else { return };
        let size = (f64::from(canvas.client_width()), f64::from(canvas.client_height()));
        let (mut across, mut down) = ((f64::MAX, f64::MIN), (f64::MAX, f64::MIN));
        let edge = canvas.get_bounding_client_rect();
        // as they stand now: the steps may be others than when this began to listen
        let Ok(steps) = canvas.query_selector_all(".step") else { return };
        for place in 0..steps.length() {
            let Some(step) = steps.get(place).and_then(|step| step.dyn_into::<Element>().ok()) else {
                continue;
            };
            let step = step.get_bounding_client_rect();
            across = (across.0.min(step.left() - edge.left()), across.1.max(step.right() - edge.left()));
            down = (down.0.min(step.top() - edge.top()), down.1.max(step.bottom() - edge.top()));
        }
        let mut view = self.view.borrow_mut();
        view.resize(size, across, down);
        view.apply(&self.scene.layer);
    }

    pub(super) fn fit_all(&self) -> Callback<MouseEvent> {
        self.handler(|gestures, _| gestures.fit())
    }

    /// Zooms about the middle.
    pub(super) fn zoom(&self, factor: f64) -> Callback<MouseEvent> {
        self.handler(move |gestures, _| {
            let Some(canvas) = gestures.scene.canvas.cast::<HtmlElement>() else { return };
            let middle = (f64::from(canvas.client_width()) / 2.0, f64::from(canvas.client_height()) / 2.0);
            gestures.view.borrow_mut().zoom(factor, middle.0, middle.1);
            gestures.view.borrow().apply(&gestures.scene.layer);
        })
    }

    pub(super) fn wheel(&self) -> Callback<WheelEvent> {
        self.handler(|gestures, event: WheelEvent| {
            event.prevent_default();
            let (x, y) = gestures.within(&event);
            let mut view = gestures.view.borrow_mut();
            if event.ctrl_key() || event.meta_key() {
                view.zoom((-event.delta_y() / 300.0).exp(), x, y);
            } else {
                view.x -= event.delta_x();
                view.y -= event.delta_y();
            }
            view.apply(&gestures.scene.layer);
        })
    }

    /// A connector of the palette is let go over the canvas.
    pub(super) fn drop(&self) -> Callback<DragEvent> {
        self.handler(|gestures, event: DragEvent| {
            event.prevent_default();
            let connector = event.data_transfer().and_then(|data| data.get_data("text/plain").ok());
            let (x, y) = gestures.within(&event);
            let (x, y) = gestures.view.borrow().place(x, y);
            if let Some(connector) = connector {
                let at = snapped(Position { x: x - super::WIDTH / 2, y: y - 24 });
                gestures.scene.props.dropped.emit((connector, at));
            }
        })
    }

    pub(super) fn press(&self) -> Callback<PointerEvent> {
        self.handler(|gestures, event: PointerEvent| {
            let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else {
                return;
            };
            if event.button() != 0 && event.button() != 1 {
                return;
            }
            *gestures.dragged.borrow_mut() = gestures.what_is_pressed(&target, &event);
        })
    }

    fn what_is_pressed(&self, target: &Element, event: &PointerEvent) -> Drag {
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        let props = &self.scene.props;
        if let Some(step) = closest(target, "[data-head]", "data-head") {
            if props.readonly {
                return Drag::None;
            }
            let steps =
                if props.chosen.contains(&step) { props.chosen.clone() } else { BTreeSet::from([step]) };
            let place = |id: String| self.scene.places.get(&id).map(|at| (id, *at));
            return Drag::Steps { x, y, from: steps.into_iter().filter_map(place).collect(), moved: false };
        }
        if let Some(port) = closest(target, "[data-output]", "data-output") {
            let step = closest(target, "[data-step]", "data-step").unwrap_or_default();
            let place = self.scene.places.get(&step).zip(self.scene.ports.get(&step));
            let at = place.map_or((0, 0), |(at, ports)| ports.output_at(*at, &port));
            return if props.readonly {
                Drag::None
            } else {
                Drag::Link { from: Port::new(step, port), at, x, y, moved: false }
            };
        }
        if target.closest("button, .step, .canvas-tools").ok().flatten().is_some() {
            return Drag::None;
        }
        if event.shift_key() && !props.readonly {
            let (inner_x, inner_y) = self.within(event);
            return Drag::Frame { x, y, at: self.view.borrow().place(inner_x, inner_y) };
        }
        if event.button() == 0 {
            props.dispatch.emit(Action::Choose(BTreeSet::new()));
            props.dispatch.emit(Action::EndLink);
        }
        Drag::Pan { x, y }
    }

    pub(super) fn drag(&self) -> Callback<PointerEvent> {
        self.handler(|gestures, event: PointerEvent| {
            let mut dragged = gestures.dragged.borrow_mut();
            let (now_x, now_y) = (f64::from(event.client_x()), f64::from(event.client_y()));
            match &mut *dragged {
                Drag::None => {}
                Drag::Pan { x, y } => {
                    gestures.capture(&event);
                    let mut view = gestures.view.borrow_mut();
                    view.x += now_x - *x;
                    view.y += now_y - *y;
                    (*x, *y) = (now_x, now_y);
                    view.apply(&gestures.scene.layer);
                }
                Drag::Steps { x, y, from, moved } => {
                    let by = (now_x - *x, now_y - *y);
                    if *moved || far(by) {
                        *moved = true;
                        gestures.capture(&event);
                        gestures.show_moved(&gestures.moved(from, by, false));
                    }
                }
                Drag::Link { from, at, x, y, moved } => {
                    if *moved || far((now_x - *x, now_y - *y)) {
                        if !*moved {
                            gestures.scene.props.dispatch.emit(Action::BeginLink(from.clone()));
                        }
                        *moved = true;
                        gestures.capture(&event);
                        gestures.show_draft(*at, &event);
                    }
                }
                Drag::Frame { at, .. } => {
                    gestures.capture(&event);
                    gestures.show_frame(*at, &event);
                }
            }
        })
    }

    pub(super) fn release(&self) -> Callback<PointerEvent> {
        self.handler(|gestures, event: PointerEvent| {
            let dragged = std::mem::take(&mut *gestures.dragged.borrow_mut());
            let (now_x, now_y) = (f64::from(event.client_x()), f64::from(event.client_y()));
            match dragged {
                Drag::Steps { x, y, from, moved: true } => {
                    let moved = gestures.moved(&from, (now_x - x, now_y - y), true);
                    gestures.show_moved(&moved);
                    gestures.scene.props.dispatch.emit(Action::Move(moved.into_iter().collect()));
                }
                Drag::Link { from, moved: true, .. } => {
                    if let Some(draft) = gestures.scene.draft.cast::<Element>() {
                        draft.remove_attribute("d").unwrap_or_default();
                    }
                    let action = gestures
                        .target(&event)
                        .map_or(Action::EndLink, |to| Action::Link(Link::new(from, to)));
                    gestures.scene.props.dispatch.emit(action);
                }
                Drag::Frame { x, y, at } => {
                    gestures.hide_frame();
                    if far((now_x - x, now_y - y)) {
                        gestures.choose_within(at, &event);
                    }
                }
                Drag::None | Drag::Pan { .. } | Drag::Steps { .. } | Drag::Link { .. } => {}
            }
        })
    }

    /// Keys on a chosen step, or on the canvas.
    pub(super) fn key(&self) -> Callback<KeyboardEvent> {
        self.handler(|gestures, event: KeyboardEvent| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let head = target.and_then(|target| closest(&target, "[data-head]", "data-head"));
            let dispatch = &gestures.scene.props.dispatch;
            let key = event.key();
            if key == "Escape" {
                dispatch.emit(Action::EndLink);
                return;
            }
            let Some(step) = head.filter(|_| !gestures.scene.props.readonly) else { return };
            let far = if event.shift_key() { GRID * 5 } else { GRID };
            let by = match key.as_str() {
                "ArrowLeft" => (-far, 0),
                "ArrowRight" => (far, 0),
                "ArrowUp" => (0, -far),
                "ArrowDown" => (0, far),
                _ => return,
            };
            event.prevent_default();
            if !gestures.scene.props.chosen.contains(&step) {
                dispatch.emit(Action::Choose(BTreeSet::from([step])));
            }
            dispatch.emit(Action::Shift { x: by.0, y: by.1 });
        })
    }

    /// Where the pointer is within the canvas.
    fn within(&self, event: &MouseEvent) -> (f64, f64) {
        let edge = self.scene.canvas.cast::<Element>().map(|canvas| canvas.get_bounding_client_rect());
        let (left, top) = edge.map_or((0.0, 0.0), |edge| (edge.left(), edge.top()));
        (f64::from(event.client_x()) - left, f64::from(event.client_y()) - top)
    }

    fn capture(&self, event: &PointerEvent) {
        if let Some(canvas) = self.scene.canvas.cast::<Element>() {
            canvas.set_pointer_capture(event.pointer_id()).unwrap_or_default();
        }
    }

    fn moved(
        &self,
        from: &BTreeMap<String, Position>,
        by: (f64, f64),
        snap: bool,
    ) -> BTreeMap<String, Position> {
        let scale = self.view.borrow().scale;
        let by = (view::whole(by.0 / scale), view::whole(by.1 / scale));
        let moved = |at: &Position| Position { x: at.x + by.0, y: at.y + by.1 };
        let place = |at: &Position| if snap { snapped(moved(at)) } else { moved(at) };
        from.iter().map(|(id, at)| (id.clone(), place(at))).collect()
    }

    fn show_moved(&self, moved: &BTreeMap<String, Position>) {
        for (id, at) in moved {
            if let Some(step) = crate::browser::element(&format!("step-{id}")) {
                view::put(&step, *at);
            }
        }
        let place = |id: &str| moved.get(id).or_else(|| self.scene.places.get(id)).copied();
        for (index, link) in self.scene.props.document.links.iter().enumerate() {
            if !view::touches(link, moved) {
                continue;
            }
            if let Some((from, to)) = self.scene.ends_at(link, place) {
                view::draw(index, from, to);
            }
        }
    }

    fn show_draft(&self, at: (i32, i32), event: &PointerEvent) {
        let (x, y) = self.within(event);
        let to = self.view.borrow().place(x, y);
        if let Some(draft) = self.scene.draft.cast::<Element>() {
            draft.set_attribute("d", &curve(at, to)).unwrap_or_default();
        }
    }

    fn show_frame(&self, at: (i32, i32), event: &PointerEvent) {
        let (x, y) = self.within(event);
        let to = self.view.borrow().place(x, y);
        let Some(frame) = self.scene.frame.cast::<HtmlElement>() else { return };
        view::put(&frame, Position { x: at.0.min(to.0), y: at.1.min(to.1) });
        view::set(&frame, "width", &format!("{}px", (at.0 - to.0).abs()));
        view::set(&frame, "height", &format!("{}px", (at.1 - to.1).abs()));
        view::set(&frame, "display", "block");
    }

    fn hide_frame(&self) {
        if let Some(frame) = self.scene.frame.cast::<HtmlElement>() {
            view::set(&frame, "display", "none");
        }
    }

    fn choose_within(&self, at: (i32, i32), event: &PointerEvent) {
        let (x, y) = self.within(event);
        let to = self.view.borrow().place(x, y);
        let (left, right) = (at.0.min(to.0), at.0.max(to.0));
        let (top, bottom) = (at.1.min(to.1), at.1.max(to.1));
        let inside = |place: &Position| {
            place.x < right && place.x + super::WIDTH > left && place.y < bottom && place.y + 60 > top
        };
        let chosen = self.scene.places.iter().filter(|(_, place)| inside(place)).map(|(id, _)| id.clone());
        self.scene.props.dispatch.emit(Action::Choose(chosen.collect()));
    }

    /// The input under the pointer: the port itself, or the only one of the step.
    fn target(&self, event: &PointerEvent) -> Option<Port> {
        let (x, y) = (event.client_x(), event.client_y());
        #[expect(clippy::cast_precision_loss, reason = "pixels of a screen")]
        let under = crate::browser::page()?.element_from_point(x as f32, y as f32)?;
        let step = closest(&under, "[data-step]", "data-step")?;
        let inputs = &self.scene.ports.get(&step)?.inputs;
        let port = closest(&under, "[data-input]", "data-input").or_else(|| inputs.first().cloned())?;
        Some(Port::new(step, port))
    }
}

fn closest(element: &Element, selector: &str, attribute: &str) -> Option<String> {
    element.closest(selector).ok()??.get_attribute(attribute)
}

fn far(by: (f64, f64)) -> bool {
    by.0.abs() > STILL || by.1.abs() > STILL
}

fn snapped(at: Position) -> Position {
    let snap = |pixels: i32| (pixels + GRID / 2).div_euclid(GRID) * GRID;
    Position { x: snap(at.x), y: snap(at.y) }
}
