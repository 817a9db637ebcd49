use super::{Check, Problem};
use crate::{
    Message,
    catalogue::{ERRORS, Entry, Kind, OUT},
    msg,
    nearest::nearest,
    workflow::{Link, Port, expand::WORKFLOW},
};
use std::collections::HashSet;

impl Check<'_> {
    fn link_error(&self, link: usize, problem: Message) -> Problem {
        let path = self.loaded.link_paths.get(link).map_or("links", String::as_str);
        self.error(path, problem)
    }

    fn entry(&self, step: usize) -> Option<&Entry> {
        self.catalogue.entry(&self.workflow.steps.get(step)?.connector)
    }

    /// Links to steps or ports that do not exist, and links written twice.
    pub(super) fn links(&mut self) {
        let mut seen = HashSet::new();
        for (index, link) in self.workflow.links.iter().enumerate() {
            let mut complete = true;
            for end in [&link.from, &link.to] {
                if self.steps.contains_key(end.step.as_str()) {
                    continue;
                }
                complete = false;
                let problem = msg!("there is no step `{step}`", step = &end.step);
                let known = self.workflow.steps.iter().map(|step| step.id.as_str());
                let advice = nearest(&end.step, known).map(|id| msg!("did you mean `{name}`?", name = id));
                self.found.push(self.link_error(index, problem).advice(advice));
            }
            if complete {
                self.ports(index, link);
            }
            if !seen.insert((&link.from, &link.to)) {
                let problem = msg!("this link is here twice: its records would come twice");
                self.found.push(self.link_error(index, problem).advice(msg!("remove one")).as_warning());
            }
        }
    }

    fn ports(&mut self, index: usize, link: &Link) {
        let entry = |end: &Port| self.entry(*self.steps.get(end.step.as_str())?);
        let mut found = Vec::new();
        if let Some(entry) = entry(&link.from)
            && link.from.port != ERRORS
            && !entry.outputs.contains(&link.from.port.as_str())
        {
            let problem = msg!(
                "the step `{step}` has no output `{port}`",
                step = &link.from.step,
                port = &link.from.port
            );
            let ports: Vec<&str> = entry.outputs.iter().copied().chain([ERRORS]).collect();
            found.push((problem, ports_advice(&ports)));
        }
        if let Some(entry) = entry(&link.to)
            && !entry.inputs.iter().any(|input| input.name == link.to.port)
        {
            let problem =
                msg!("the step `{step}` has no input `{port}`", step = &link.to.step, port = &link.to.port);
            let ports: Vec<&str> = entry.inputs.iter().map(|input| input.name).collect();
            let advice = if ports.is_empty() {
                msg!("a source takes no records: link from it")
            } else {
                ports_advice(&ports)
            };
            found.push((problem, advice));
        }
        for (problem, advice) in found {
            self.found.push(self.link_error(index, problem).advice(advice));
        }
    }

    pub(super) fn cycles(&mut self) {
        for cycle in self.graph.cycles() {
            let Some(first) = cycle.first().copied() else { continue };
            let names: Vec<&str> = cycle.iter().chain([&first]).map(|step| self.id(*step)).collect();
            let problem = msg!("the steps lead in a circle: {steps}", steps = names.join(" -> "));
            let last = cycle.last().copied().unwrap_or(first);
            let back = self.graph.after(last).iter().find(|edge| edge.to == first).map(|edge| edge.link);
            let problem =
                self.link_error(back.unwrap_or_default(), problem).advice(msg!("remove one of these links"));
            self.found.push(problem);
        }
    }

    /// Inputs without a link, with too many, and steps that no record can reach.
    pub(super) fn inputs(&mut self) {
        let steps = 0..self.workflow.steps.len();
        let sources = steps.clone().filter(|step| self.may_begin(*step));
        let starts: Vec<usize> = sources.chain(self.graph.cycles().into_iter().flatten()).collect();
        let reached = self.graph.reached(&starts);
        for step in steps {
            let Some(entry) = self.entry(step).filter(|_| !self.is_off(step)) else { continue };
            let mut problems = self.input_problems(step, entry);
            if problems.is_empty() && reached.get(step) == Some(&false) {
                let problem = msg!("no record can reach this step: no source leads to it");
                problems.push((problem, msg!("link it to a step that comes after a source, or remove it")));
            }
            for (problem, advice) in problems {
                self.found.push(self.step_error(step, "", problem).advice(advice));
            }
        }
    }

    /// Whether records may come from it without any reaching it: a source, and what nothing is known of.
    fn may_begin(&self, step: usize) -> bool {
        let is_workflow = self.workflow.steps.get(step).is_some_and(|step| step.connector == WORKFLOW);
        is_workflow || self.entry(step).is_none_or(|entry| entry.kind == Kind::Source)
    }

    fn is_off(&self, step: usize) -> bool {
        self.workflow.steps.get(step).is_some_and(|step| step.disabled)
    }

    fn input_problems(&self, step: usize, entry: &Entry) -> Vec<(Message, Message)> {
        let mut problems = Vec::new();
        for input in entry.inputs {
            let before = self.graph.before(step).iter();
            let links = before.filter(|edge| self.port_of(edge.link) == Some(input.name)).count();
            if input.required && links == 0 {
                problems.push((
                    msg!("nothing is linked to its input `{port}`", port = input.name),
                    msg!("link a step to it: `step -> {to}`", to = self.written(step, input.name)),
                ));
            }
            if !input.many && links > 1 {
                problems.push((
                    msg!("its input `{port}` takes one link, not {count}", port = input.name, count = links),
                    msg!("bring the links together with `merge` first"),
                ));
            }
        }
        problems
    }

    fn port_of(&self, link: usize) -> Option<&str> {
        self.workflow.links.get(link).map(|link| link.to.port.as_str())
    }

    fn written(&self, step: usize, port: &str) -> String {
        let id = self.id(step);
        if port == crate::catalogue::IN { id.to_owned() } else { format!("{id}.{port}") }
    }

    /// Steps that make records nobody takes.
    pub(super) fn outputs(&mut self) {
        for step in 0..self.workflow.steps.len() {
            let is_workflow = self.workflow.steps.get(step).is_some_and(|step| step.connector == WORKFLOW);
            let makes = self.entry(step).is_some_and(|entry| entry.outputs.contains(&OUT));
            let makes = makes && !is_workflow && !self.is_off(step);
            let leaves = |link: usize| self.workflow.links.get(link).is_some_and(|it| it.from.port != ERRORS);
            if makes && !self.graph.after(step).iter().any(|edge| leaves(edge.link)) {
                let problem = msg!("nothing takes the records of this step");
                let advice = msg!("link it to a step, or remove it");
                self.found.push(self.step_error(step, "", problem).advice(advice).as_warning());
            }
        }
    }
}

fn ports_advice(ports: &[&str]) -> Message {
    let names: Vec<String> = ports.iter().map(|port| format!("`{port}`")).collect();
    msg!("it has {ports}", ports = names.join(", "))
}
