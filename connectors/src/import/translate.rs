//! From the export to the workflow: every component in turn, then the links between what they became.

use super::{
    export::{Component, Export},
    finish, kinds,
    links::{self, Net},
    report::{Import, ImportedComponent},
    script::Path,
    secrets::{Secrets, Taken},
    work::{Around, Draft, Place, Work},
};
use bus_core::{
    Language, Message,
    api::Translation,
    check::Problem,
    msg,
    text::slug,
    workflow::{Link, Port, Step, Trigger, Workflow},
};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashSet};

/// What a component became.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// The ids of its steps.
    ids: Vec<String>,
    entry: Option<Place>,
    second: Option<Place>,
    exit: Option<Place>,
    base_after: Path,
    /// Another component whose records come in instead.
    publishes: Option<String>,
}

/// The workflow while it is made.
struct Making {
    export: Export,
    net: Net,
    /// The id of each component's step.
    ids: Vec<String>,
    taken: HashSet<String>,
    made: Vec<Made>,
    reports: Vec<ImportedComponent>,
    findings: Vec<Problem>,
    parameters: BTreeSet<String>,
    /// Steps by component.
    steps: Vec<Vec<Step>>,
    links: Vec<Link>,
    triggers: Vec<Trigger>,
    language: Language,
}

pub(super) fn translate(mut export: Export, language: Language) -> Import {
    let mut findings = Vec::new();
    let net = links::net(&export, &mut findings);
    let told = Secrets::told(&export.components);
    let mut taken = HashSet::new();
    let ids: Vec<String> =
        export.components.iter().map(|component| step_id(component, &told, &mut taken)).collect();
    let mut secrets = Secrets::default();
    let takings: Vec<Taken> =
        export.components.iter_mut().zip(&ids).map(|(component, id)| secrets.take(component, id)).collect();
    let count = export.components.len();
    let mut making = Making {
        net,
        ids,
        taken,
        made: (0..count).map(|_| Made::default()).collect(),
        reports: export.components.iter().map(report).collect(),
        findings,
        parameters: BTreeSet::new(),
        steps: vec![Vec::new(); count],
        links: Vec::new(),
        triggers: Vec::new(),
        export,
        language,
    };
    for number in making.net.order.clone() {
        making.component(number, takings.get(number).cloned().unwrap_or_default());
    }
    for number in 0..count {
        making.wire(number);
    }
    let mut workflow = Workflow::new(making.export.name.clone());
    workflow.steps = making.steps.into_iter().flatten().collect();
    workflow.links = making.links;
    workflow.triggers = making.triggers;
    let import =
        Import { workflow, components: making.reports, findings: making.findings, secrets: Vec::new() };
    finish::finish(import, &making.parameters, secrets)
}

fn report(component: &Component) -> ImportedComponent {
    ImportedComponent {
        component: component.id.clone(),
        module: component.called.clone(),
        name: component.name.clone(),
        steps: Vec::new(),
        translation: Translation::Converted,
        remarks: Vec::new(),
    }
}

/// A free id, made of the component's name or kind.
fn step_id(component: &Component, told: &[String], taken: &mut HashSet<String>) -> String {
    let short = |text: &str| slug(text).chars().take(40).collect::<String>().trim_matches('-').to_owned();
    let name = slug(&component.name);
    let tells = told.iter().any(|secret| name.contains(secret.as_str()));
    let mut id = if tells { String::new() } else { short(&component.name) };
    if id.is_empty() {
        id = short(&kebab(&component.called));
    }
    if id.is_empty() {
        id = "step".into();
    }
    free(&id, taken)
}

/// `httpConsumer` as `http-consumer`.
fn kebab(name: &str) -> String {
    let letter = |letter: char| if letter.is_uppercase() { format!("-{letter}") } else { letter.to_string() };
    name.chars().map(letter).collect()
}

fn free(wanted: &str, taken: &mut HashSet<String>) -> String {
    let mut id = wanted.to_owned();
    for number in 2.. {
        if taken.insert(id.clone()) {
            break;
        }
        id = format!("{wanted}-{number}");
    }
    id
}

impl Making {
    fn inputs(&self, number: usize) -> &[usize] {
        self.net.inputs.get(number).map(|inputs| inputs.first.as_slice()).unwrap_or_default()
    }

    /// Whether a component sends records, and does not only start runs.
    fn sends(&self, number: usize) -> bool {
        let module = self.export.components.get(number).map(|it| it.called.as_str()).unwrap_or_default();
        !kinds::starts_runs(module) || self.inputs(number).iter().any(|from| self.sends(*from))
    }

    fn around(&self, number: usize) -> Around {
        let second = self.net.inputs.get(number).is_some_and(|inputs| !inputs.second.is_empty());
        let takes =
            |inputs: &links::Inputs| inputs.first.contains(&number) || inputs.second.contains(&number);
        Around {
            inputs: self.inputs(number).iter().filter(|from| self.sends(**from)).count(),
            second,
            taken: self.net.inputs.iter().any(takes),
        }
    }

    /// Translates one component; those before it are done.
    fn component(&mut self, number: usize, taken: Taken) {
        let Some(component) = self.export.components.get(number).cloned() else { return };
        let around = self.around(number);
        let before = self.inputs(number).iter().find(|from| self.sends(**from));
        let base = before
            .and_then(|from| self.made.get(*from))
            .map(|made| made.base_after.clone())
            .unwrap_or_default();
        let asked = self.asked(number);
        let mut work = Work::new(&component, around, base.clone(), &asked);
        work.hidden = taken.hidden;
        for setting in taken.signs {
            let sign = super::secrets::HIDDEN;
            work.differs(msg!(
                "a secret stood in `{setting}`: it is in the vault, and `{sign}` stands in its place",
                setting = setting,
                sign = sign
            ));
        }
        let doubts = self.net.doubts.iter().filter(|(at, _)| *at == number);
        doubts.for_each(|(_, doubt)| work.differs(doubt.clone()));
        match kinds::translate(&mut work) {
            Ok(()) => self.take(number, work),
            Err(reason) => {
                let remarks = std::mem::take(&mut work.remarks);
                drop(work);
                self.keep(number, &component, (reason, remarks), base);
            }
        }
    }

    /// Takes over what a component became.
    fn take(&mut self, number: usize, work: Work<'_>) {
        let main = self.ids.get(number).cloned().unwrap_or_default();
        let last = work.steps.len().saturating_sub(1);
        let mut ids = Vec::new();
        for (place, draft) in work.steps.iter().enumerate() {
            let plain = draft.suffix.is_empty() && !ids.contains(&main);
            ids.push(if plain {
                main.clone()
            } else {
                let suffix = if draft.suffix.is_empty() { "more" } else { draft.suffix };
                free(&format!("{main}-{suffix}"), &mut self.taken)
            });
            let step = step(work.component, draft, &ids, place == last);
            if let Some(steps) = self.steps.get_mut(number) {
                steps.push(step);
            }
        }
        for ((from, out), (to, input)) in &work.inner {
            if let (Some(from), Some(to)) = (ids.get(*from), ids.get(*to)) {
                self.links.push(Link::new(Port::new(from.as_str(), *out), Port::new(to.as_str(), *input)));
            }
        }
        for mut trigger in work.triggers.clone() {
            let source = work.exit.and_then(|(step, _)| ids.get(step)).cloned().unwrap_or_default();
            match &mut trigger {
                Trigger::Upload(upload) => upload.input = source,
                Trigger::Http(http) => http.input = http.input.take().map(|_| source),
                Trigger::Manual | Trigger::Schedule(_) | Trigger::Live(_) => {}
            }
            if !self.triggers.contains(&trigger) {
                self.triggers.push(trigger);
            }
        }
        self.parameters.extend(work.parameters.iter().cloned());
        for mut review in work.reviews.clone() {
            review.step = ids.first().cloned();
            self.findings.push(review);
        }
        if let Some(report) = self.reports.get_mut(number) {
            report.translation = work.translation();
            report.remarks.clone_from(&work.remarks);
            report.steps.clone_from(&ids);
        }
        if let Some(made) = self.made.get_mut(number) {
            let Work { entry, second, exit, base_after, publishes, .. } = work;
            *made = Made { ids, entry, second, exit, base_after, publishes };
        }
    }

    /// Keeps a component as it is, switched off.
    fn keep(
        &mut self,
        number: usize,
        component: &Component,
        (reason, remarks): (Message, Vec<Message>),
        base: Path,
    ) {
        let id = self.ids.get(number).cloned().unwrap_or_default();
        let mut settings = component.settings.clone();
        if component.focus.is_some() {
            settings.insert("deeperFocusData".into(), component.focus_written.clone().into());
        }
        let connector = if component.called.is_empty() { "unknown" } else { component.called.as_str() };
        let draft = Draft { suffix: "", connector: connector.to_owned(), settings };
        let mut step = step(component, &draft, std::slice::from_ref(&id), true);
        step.disabled = true;
        let why = msg!("Not translated: {reason}.", reason = reason.clone()).text(self.language);
        step.note = if step.note.is_empty() { why } else { format!("{why}\n{}", step.note) };
        if let Some(steps) = self.steps.get_mut(number) {
            steps.push(step);
        }
        if let Some(report) = self.reports.get_mut(number) {
            report.translation = Translation::Unsupported;
            report.remarks = std::iter::once(reason).chain(remarks).collect();
            report.steps = vec![id.clone()];
        }
        if let Some(made) = self.made.get_mut(number) {
            *made = Made {
                ids: vec![id],
                entry: Some((0, "in")),
                second: Some((0, "second")),
                exit: Some((0, "out")),
                base_after: base,
                publishes: None,
            };
        }
    }

    /// What the components after this one ask of a call that starts the run.
    fn asked(&self, number: usize) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let is_provider = self
            .export
            .components
            .get(number)
            .is_some_and(|it| kinds::canonical(&it.called) == "httpProvider");
        if !is_provider || !self.inputs(number).is_empty() {
            return found;
        }
        let (mut seen, mut next) = (HashSet::from([number]), vec![number]);
        while let Some(number) = next.pop() {
            for (to, inputs) in self.net.inputs.iter().enumerate() {
                let Some(component) =
                    self.export.components.get(to).filter(|_| inputs.first.contains(&number))
                else {
                    continue;
                };
                if kinds::canonical(&component.called) != "httpConsumer" && seen.insert(to) {
                    let settings = Value::Object(component.settings.clone());
                    asked_in(&settings, &mut found);
                    found.extend(component.focus.iter().map(|focus| focus.path.to_string()));
                    next.push(to);
                }
            }
        }
        found
    }

    /// Links what a component became with what those before it became.
    fn wire(&mut self, number: usize) {
        let Some(inputs) = self.net.inputs.get(number).cloned() else { return };
        let Some(made) = self.made.get(number) else { return };
        let (entry, second) = (made.entry, made.second);
        let from = match made.publishes.as_ref().and_then(|id| self.net.numbers.get(id)) {
            Some(other) if *other != number => vec![*other],
            _ => inputs.first,
        };
        let exits = self.exits_of(&from);
        let port = |making: &Self, (step, port): Place| {
            let id = making.made.get(number).and_then(|made| made.ids.get(step)).cloned().unwrap_or_default();
            Port::new(id, port)
        };
        if let Some(entry) = entry {
            let target = port(self, entry);
            self.connect(number, exits, &target);
        }
        if let Some(second) = second {
            let exits = self.exits_of(&inputs.second);
            let target = port(self, second);
            self.connect(number, exits, &target);
        }
    }

    fn exits_of(&self, numbers: &[usize]) -> Vec<Port> {
        let (mut ports, mut seen) = (Vec::new(), HashSet::new());
        for number in numbers {
            self.exits(*number, &mut seen, &mut ports);
        }
        ports
    }

    /// Where the records of a component come out: of itself, or of those before it where it lets them pass.
    fn exits(&self, number: usize, seen: &mut HashSet<usize>, ports: &mut Vec<Port>) {
        let Some(made) = self.made.get(number) else { return };
        if !seen.insert(number) {
            return;
        }
        match made.exit.and_then(|(step, port)| Some(Port::new(made.ids.get(step)?.clone(), port))) {
            Some(port) => ports.push(port),
            None => self.inputs(number).iter().for_each(|from| self.exits(*from, seen, ports)),
        }
    }

    /// Links several outputs to one input; several are merged first.
    fn connect(&mut self, number: usize, mut exits: Vec<Port>, target: &Port) {
        const PORTS: [&str; 8] = ["in", "in2", "in3", "in4", "in5", "in6", "in7", "in8"];
        let merges = self.steps.get(number).is_some_and(|steps| {
            steps.iter().any(|step| step.id == target.step && step.connector == "merge")
        });
        while exits.len() > if merges { PORTS.len() } else { 1 } {
            let group: Vec<Port> = exits.drain(..exits.len().min(PORTS.len())).collect();
            let id = free(&format!("{}-inputs", target.step), &mut self.taken);
            let step = Step { id: id.clone(), connector: "merge".into(), ..Step::default() };
            if let Some(steps) = self.steps.get_mut(number) {
                let mut step = step;
                step.position = steps.first().and_then(|step| step.position);
                steps.insert(0, step);
            }
            if let Some(report) = self.reports.get_mut(number) {
                report.steps.insert(0, id.clone());
            }
            for (from, port) in group.into_iter().zip(PORTS) {
                self.links.push(Link::new(from, Port::new(id.as_str(), port)));
            }
            // what was brought together comes first, as its records do
            exits.insert(0, Port::new(id, "out"));
        }
        for (place, from) in exits.into_iter().enumerate() {
            let port = if merges { PORTS.get(place).copied().unwrap_or("in") } else { target.port.as_str() };
            self.links.push(Link::new(from, Port::new(target.step.as_str(), port)));
        }
    }
}

/// Paths below `$` that begin with `query` or `body`, anywhere in settings.
fn asked_in(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            for start in ["$.query.", "$.body"] {
                for (at, _) in text.match_indices(start) {
                    let rest = text.get(at + 2..).unwrap_or_default();
                    let name = |letter: char| letter == '.' || letter == '_' || letter.is_alphanumeric();
                    let end = rest.find(|letter| !name(letter)).unwrap_or(rest.len());
                    found.insert(rest.get(..end).unwrap_or_default().to_owned());
                }
            }
            if text == "body" || text.starts_with("body.") {
                found.insert(text.clone());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| asked_in(item, found)),
        Value::Object(fields) => fields.values().for_each(|value| asked_in(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The step of a draft. Steps of one component stand below each other.
fn step(component: &Component, draft: &Draft, ids: &[String], is_last: bool) -> Step {
    let settings: Map<String, Value> = draft.settings.clone();
    let place = i32::try_from(ids.len()).unwrap_or(1) - 1;
    let position = component
        .position
        .map(|(x, y)| bus_core::workflow::Position { x: x + 40 * place, y: y + 80 * place });
    Step {
        id: ids.last().cloned().unwrap_or_default(),
        name: if is_last { component.name.clone() } else { String::new() },
        connector: draft.connector.clone(),
        settings,
        position,
        note: if is_last { component.description.clone() } else { String::new() },
        ..Step::default()
    }
}
