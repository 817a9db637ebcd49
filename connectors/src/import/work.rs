use super::{
    export::Component,
    given::Given,
    script::{Path, Writer},
};
use bus_core::{Message, api::Translation, check::Problem, msg, workflow::Trigger};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A step that a component becomes.
#[derive(Debug)]
pub(super) struct Draft {
    /// What is added to the component's id.
    pub(super) suffix: &'static str,
    pub(super) connector: String,
    pub(super) settings: Map<String, Value>,
}

/// A port of one of the steps, by number.
pub(super) type Place = (usize, &'static str);

/// What surrounds a component.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Around {
    /// How many steps send it records, on the first input.
    pub(super) inputs: usize,
    /// Whether there is a second input.
    pub(super) second: bool,
    /// Whether something takes its records.
    pub(super) taken: bool,
}

/// Where the work happens.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scope {
    /// On the records.
    Records,
    /// On what stands at a path within each record.
    Within(Path),
}

/// One component while it is translated.
pub(super) struct Work<'a> {
    pub(super) component: &'a Component,
    pub(super) given: Given<'a>,
    pub(super) around: Around,
    /// Where the records stood in the data of the earlier bus, before this component.
    pub(super) base: Path,
    /// And after it.
    pub(super) base_after: Path,
    pub(super) scope: Scope,
    /// Whether the focus is on the records, so that they stay where they stood.
    pub(super) focused: bool,
    pub(super) steps: Vec<Draft>,
    /// Links between the steps.
    pub(super) inner: Vec<(Place, Place)>,
    /// Where records come in, if they do.
    pub(super) entry: Option<Place>,
    /// Where those of the second input come in.
    pub(super) second: Option<Place>,
    /// Where records come out.
    pub(super) exit: Option<Place>,
    pub(super) parameters: BTreeSet<String>,
    pub(super) remarks: Vec<Message>,
    pub(super) approximated: bool,
    /// What is to be looked at, with its place in the settings of the last step.
    pub(super) reviews: Vec<Problem>,
    pub(super) triggers: Vec<Trigger>,
    /// Another component whose data is published in this one's place.
    pub(super) publishes: Option<String>,
    /// Secrets that stood in an address.
    pub(super) hidden: Vec<super::secrets::Hidden>,
    /// Parameters whose use in the records is known, for calls that start a run.
    pub(super) asked: &'a BTreeSet<String>,
}

/// Why a component is kept switched off, or nothing.
pub(super) type Done = Result<(), Message>;

impl<'a> Work<'a> {
    pub(super) fn new(
        component: &'a Component,
        around: Around,
        base: Path,
        asked: &'a BTreeSet<String>,
    ) -> Self {
        Self {
            component,
            given: Given::new(&component.settings),
            around,
            base_after: base.clone(),
            base,
            scope: Scope::Records,
            focused: false,
            steps: Vec::new(),
            inner: Vec::new(),
            entry: None,
            second: None,
            exit: None,
            parameters: BTreeSet::new(),
            remarks: Vec::new(),
            approximated: false,
            reviews: Vec::new(),
            triggers: Vec::new(),
            publishes: None,
            hidden: Vec::new(),
            asked,
        }
    }

    pub(super) fn translation(&self) -> Translation {
        if self.approximated { Translation::Approximated } else { Translation::Converted }
    }

    /// It does nearly the same: says what differs.
    pub(super) fn differs(&mut self, remark: Message) {
        self.approximated = true;
        self.note(remark);
    }

    /// It does the same; says something all the same.
    pub(super) fn note(&mut self, remark: Message) {
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    /// Adds a transform after what is there.
    pub(super) fn step(&mut self, suffix: &'static str, connector: &str, settings: Value) {
        let number = self.steps.len();
        self.push(suffix, connector, settings);
        match self.exit {
            Some(exit) => self.inner.push((exit, (number, "in"))),
            None => self.entry = Some((number, "in")),
        }
        self.exit = Some((number, "out"));
    }

    /// Adds a source.
    pub(super) fn source(&mut self, connector: &str, settings: Value) {
        self.push("", connector, settings);
        self.exit = Some((self.steps.len() - 1, "out"));
    }

    /// Adds a sink after what is there.
    pub(super) fn sink(&mut self, connector: &str, settings: Value) {
        let number = self.steps.len();
        self.push("", connector, settings);
        match self.exit.take() {
            Some(exit) => self.inner.push((exit, (number, "in"))),
            None => self.entry = Some((number, "in")),
        }
    }

    /// Adds a step that is linked to nothing yet.
    pub(super) fn push(&mut self, suffix: &'static str, connector: &str, settings: Value) {
        let settings = if let Value::Object(settings) = settings { settings } else { Map::new() };
        self.steps.push(Draft { suffix, connector: connector.to_owned(), settings });
    }

    /// Where a path of the earlier bus leads within a record.
    pub(super) fn field(&mut self, path: &Path) -> Result<Path, Message> {
        if let Some(below) = path.below(&self.base) {
            return Ok(below);
        }
        // what is named from the record on, as where the focus stood
        Ok(path.clone())
    }

    /// Takes over what a writer noticed.
    pub(super) fn absorb(&mut self, writer: Writer) {
        self.parameters.extend(writer.parameters);
        for remark in writer.remarks {
            self.differs(remark);
        }
    }

    /// Lists something for review that was kept as it was.
    pub(super) fn review(&mut self, field: &str, text: &str, trouble: Message, column: usize) {
        let problem = msg!(
            "the expression `{text}` is kept as it was: column {column}: {problem}",
            text = text,
            column = column,
            problem = trouble
        );
        self.differs(problem.clone());
        let advice = msg!("write it anew as an expression");
        self.reviews.push(Problem::error(problem).field(field).advice(advice).as_warning());
    }
}
