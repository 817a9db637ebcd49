//! The document being edited, and everything that can happen to it. Pure: no page, no network.

use super::{
    clip::{self, Clipping},
    geometry::places,
    linking::{Unlinkable, may_link},
};
use crate::form::{Path, set};
use bus_core::{
    api::{Finding, WorkflowDetail},
    workflow::{Link, Parameters, Port, Position, Step, Trigger, Workflow},
};
use serde_json::Value;
use std::{collections::BTreeSet, rc::Rc};
use yew::Reducible;

/// How many changes can be undone.
const MOST_UNDONE: usize = 200;

/// The document in the editor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Editing {
    /// As it is now.
    pub(crate) document: Rc<Workflow>,
    /// As it is on the server.
    saved: Rc<Workflow>,
    /// How often it was saved there when it came from there.
    pub(crate) revision: u64,
    /// The chosen steps, by id.
    pub(crate) chosen: BTreeSet<String>,
    /// The output a link is being drawn from.
    pub(crate) linking: Option<Port>,
    /// Why the last link was not made.
    pub(crate) unlinkable: Option<Unlinkable>,
    /// What the check found.
    pub(crate) findings: Rc<Vec<Finding>>,
    /// Somebody else has saved this revision meanwhile.
    pub(crate) conflict: Option<u64>,
    past: Vec<Rc<Workflow>>,
    future: Vec<Rc<Workflow>>,
    /// What the last change touched: typing on in the same field is one change.
    touched: Option<(String, Path)>,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    /// The document came from the server.
    Load(Box<WorkflowDetail>),
    /// A step is added, linked to an output if one is given; it is chosen.
    Add { connector: String, at: Position, after: Option<Link> },
    /// Steps stand elsewhere.
    Move(Vec<(String, Position)>),
    /// The chosen steps are shifted.
    Shift { x: i32, y: i32 },
    /// A link begins at this output.
    BeginLink(Port),
    /// No link is being drawn any more.
    EndLink,
    /// Two ports are linked.
    Link(Link),
    /// A link goes.
    Unlink(Link),
    /// Only these steps are chosen.
    Choose(BTreeSet<String>),
    /// A step is chosen besides the others, or no more.
    Toggle(String),
    /// The chosen steps go, with their links.
    Remove,
    /// Copied steps come in, beside those they were copied from.
    Paste(Clipping),
    /// A setting of a step changes; without a value it goes.
    Set { step: String, path: Path, value: Option<Value> },
    /// Something about a step changes.
    Edit { step: String, edit: StepEdit },
    /// Something about the whole changes.
    Whole(WholeEdit),
    /// One change back.
    Undo,
    /// One change forward again.
    Redo,
    /// The check has looked at the document.
    Checked(Vec<Finding>),
    /// The server has saved this.
    Saved { document: Rc<Workflow>, revision: u64, findings: Vec<Finding> },
    /// The server has refused to save: somebody else has saved this revision.
    Conflict(u64),
    /// The conflict was seen.
    ConflictSeen,
}

/// What can change about a step, besides its settings.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum StepEdit {
    /// What people call it.
    Name(String),
    /// The remark on it.
    Note(String),
    /// Whether it is switched off.
    Disabled(bool),
}

/// What can change about a workflow, besides steps and links.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum WholeEdit {
    /// What people call it.
    Name(String),
    /// What it does.
    Description(String),
    /// What starts it.
    Triggers(Vec<Trigger>),
    /// What can be given to a run.
    Parameters(Parameters),
}

impl Default for Editing {
    fn default() -> Self {
        let document = Rc::new(Workflow::new(""));
        Self {
            saved: Rc::clone(&document),
            document,
            revision: 0,
            chosen: BTreeSet::new(),
            linking: None,
            unlinkable: None,
            findings: Rc::default(),
            conflict: None,
            past: Vec::new(),
            future: Vec::new(),
            touched: None,
        }
    }
}

impl Reducible for Editing {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut state = Rc::unwrap_or_clone(self);
        state.on(action);
        Rc::new(state)
    }
}

impl Editing {
    /// The document as it came from the server.
    pub(crate) fn of(detail: WorkflowDetail) -> Self {
        let mut state = Self::default();
        state.load(detail);
        state
    }

    /// Whether there is something to save.
    pub(crate) fn dirty(&self) -> bool {
        self.document != self.saved
    }

    /// Whether there is something to undo.
    pub(crate) const fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether there is something to do again.
    pub(crate) const fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }

    /// The chosen step, if it is one.
    pub(crate) fn the_chosen(&self) -> Option<&Step> {
        let mut chosen = self.chosen.iter();
        let only = chosen.next().filter(|_| chosen.next().is_none())?;
        self.document.step(only)
    }

    /// What was found about a step.
    pub(crate) fn findings_of<'a>(&'a self, step: &'a str) -> impl Iterator<Item = &'a Finding> {
        self.findings.iter().filter(move |finding| finding.step.as_deref() == Some(step))
    }

    fn on(&mut self, action: Action) {
        match action {
            Action::Load(detail) => self.load(*detail),
            Action::Add { connector, at, after } => self.add(&connector, at, after),
            Action::Move(moves) => self.change(None, |document| place(document, &moves)),
            Action::Shift { x, y } => self.shift(x, y),
            Action::BeginLink(from) => {
                self.linking = Some(from);
                self.unlinkable = None;
            }
            Action::EndLink => self.linking = None,
            Action::Link(link) => self.link(link),
            Action::Unlink(link) => self.change(None, |document| document.links.retain(|it| *it != link)),
            Action::Choose(steps) => self.chosen = steps,
            Action::Toggle(step) => {
                if !self.chosen.remove(&step) {
                    self.chosen.insert(step);
                }
            }
            Action::Remove => self.remove(),
            Action::Paste(clipping) => self.paste(&clipping),
            Action::Set { step, path, value } => self.set(&step, &path, value),
            Action::Edit { step, edit } => self.edit(&step, edit),
            Action::Whole(edit) => self.whole(edit),
            Action::Undo => self.undo(),
            Action::Redo => self.redo(),
            Action::Checked(findings) => self.findings = Rc::new(findings),
            Action::Saved { document, revision, findings } => {
                self.saved = document;
                self.revision = revision;
                self.findings = Rc::new(findings);
                self.conflict = None;
            }
            Action::Conflict(revision) => self.conflict = Some(revision),
            Action::ConflictSeen => self.conflict = None,
        }
    }

    fn load(&mut self, detail: WorkflowDetail) {
        let mut document = detail.document;
        // steps that were never placed get a place; that alone is nothing to save
        let places = places(&document);
        for step in &mut document.steps {
            step.position = places.get(&step.id).copied();
        }
        let document = Rc::new(document);
        *self = Self {
            saved: Rc::clone(&document),
            document,
            revision: detail.summary.revision,
            findings: Rc::new(detail.findings),
            ..Self::default()
        };
    }

    /// Changes the document so that it can be undone; `touched` says what, where further changes to the same
    /// are to be undone together.
    fn change(&mut self, touched: Option<(String, Path)>, edit: impl FnOnce(&mut Workflow)) {
        let mut document = (*self.document).clone();
        edit(&mut document);
        if document == *self.document {
            return;
        }
        if touched.is_none() || touched != self.touched {
            self.past.push(Rc::clone(&self.document));
            if self.past.len() > MOST_UNDONE {
                self.past.remove(0);
            }
        }
        self.touched = touched;
        self.future.clear();
        self.document = Rc::new(document);
    }

    fn add(&mut self, connector: &str, at: Position, after: Option<Link>) {
        let id = clip::free_id(&self.document, connector);
        let step = Step {
            id: id.clone(),
            connector: connector.to_owned(),
            position: Some(free_place(&self.document, at)),
            ..Step::default()
        };
        self.change(None, |document| {
            document.steps.push(step);
            if let Some(mut link) = after {
                link.to.step.clone_from(&id);
                document.links.push(link);
            }
        });
        self.chosen = BTreeSet::from([id]);
        self.linking = None;
    }

    fn shift(&mut self, x: i32, y: i32) {
        let chosen = self.chosen.clone();
        let touched = (chosen.iter().cloned().collect::<Vec<_>>().join(" "), Path::default());
        self.change(Some(touched), |document| {
            for step in document.steps.iter_mut().filter(|step| chosen.contains(&step.id)) {
                let place = step.position.unwrap_or(Position { x: 0, y: 0 });
                step.position = Some(Position { x: place.x + x, y: place.y + y });
            }
        });
    }

    fn link(&mut self, link: Link) {
        self.linking = None;
        self.unlinkable = may_link(&self.document, &link).err();
        if self.unlinkable.is_none() {
            self.change(None, |document| document.links.push(link));
        }
    }

    fn remove(&mut self) {
        let gone = std::mem::take(&mut self.chosen);
        self.linking = None;
        self.change(None, |document| {
            document.steps.retain(|step| !gone.contains(&step.id));
            document.links.retain(|link| !gone.contains(&link.from.step) && !gone.contains(&link.to.step));
        });
    }

    fn paste(&mut self, clipping: &Clipping) {
        let (steps, links) = clip::fresh(&self.document, clipping);
        self.chosen = steps.iter().map(|step| step.id.clone()).collect();
        self.change(None, |document| {
            document.steps.extend(steps);
            document.links.extend(links);
        });
    }

    fn set(&mut self, id: &str, path: &Path, value: Option<Value>) {
        let touched = Some((id.to_owned(), path.clone()));
        self.change(touched, |document| {
            if let Some(step) = document.steps.iter_mut().find(|step| step.id == id) {
                set(&mut step.settings, path, value);
            }
        });
    }

    fn edit(&mut self, id: &str, edit: StepEdit) {
        let field = match &edit {
            StepEdit::Name(_) => "\u{0}name",
            StepEdit::Note(_) => "\u{0}note",
            StepEdit::Disabled(_) => "\u{0}disabled",
        };
        self.change(Some((id.to_owned(), Path::default().key(field))), |document| {
            let Some(step) = document.steps.iter_mut().find(|step| step.id == id) else { return };
            match edit {
                StepEdit::Name(name) => step.name = name,
                StepEdit::Note(note) => step.note = note,
                StepEdit::Disabled(off) => step.disabled = off,
            }
        });
    }

    fn whole(&mut self, edit: WholeEdit) {
        let field = match &edit {
            WholeEdit::Name(_) => "name",
            WholeEdit::Description(_) => "description",
            WholeEdit::Triggers(_) => "triggers",
            WholeEdit::Parameters(_) => "parameters",
        };
        self.change(Some((String::new(), Path::default().key(field))), |document| match edit {
            WholeEdit::Name(name) => document.name = name,
            WholeEdit::Description(description) => document.description = description,
            WholeEdit::Triggers(triggers) => document.triggers = triggers,
            WholeEdit::Parameters(parameters) => document.parameters = parameters,
        });
    }

    fn undo(&mut self) {
        if let Some(before) = self.past.pop() {
            self.future.push(std::mem::replace(&mut self.document, before));
            self.settle();
        }
    }

    fn redo(&mut self) {
        if let Some(after) = self.future.pop() {
            self.past.push(std::mem::replace(&mut self.document, after));
            self.settle();
        }
    }

    /// After going back or forward: what is not there any more is not chosen either.
    fn settle(&mut self) {
        self.touched = None;
        self.linking = None;
        let document = Rc::clone(&self.document);
        self.chosen.retain(|id| document.step(id).is_some());
    }
}

fn place(document: &mut Workflow, moves: &[(String, Position)]) {
    for (id, position) in moves {
        if let Some(step) = document.steps.iter_mut().find(|step| step.id == *id) {
            step.position = Some(*position);
        }
    }
}

/// `at`, or the next place to the lower right where no step stands.
fn free_place(document: &Workflow, mut at: Position) -> Position {
    let near = |at: Position, other: Position| (at.x - other.x).abs() < 24 && (at.y - other.y).abs() < 24;
    while document.steps.iter().any(|step| step.position.is_some_and(|other| near(at, other))) {
        at = Position { x: at.x + 28, y: at.y + 28 };
    }
    at
}
