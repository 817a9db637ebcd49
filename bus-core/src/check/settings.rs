use super::{Check, Problem};
use crate::{
    msg,
    nearest::nearest,
    workflow::{Step, substitute},
    yaml::join_key,
};
use serde_json::Value;

impl Check<'_> {
    /// Connectors that do not exist, and settings theirs does not take.
    pub(super) fn settings(&mut self) {
        for (index, step) in self.workflow.steps.iter().enumerate() {
            let known = self.catalogue.entry(&step.connector).is_some();
            match (known, step.disabled) {
                // what is switched off may be half done
                (true, true) => {}
                (true, false) => self.step_settings(index, step),
                (false, _) => self.unknown_connector(index, step),
            }
        }
    }

    fn unknown_connector(&mut self, index: usize, step: &Step) {
        let connector = &step.connector;
        let problem = msg!("there is no connector `{connector}`", connector = connector);
        let advice = match nearest(connector, self.catalogue.ids()) {
            Some(id) => msg!("did you mean `{name}`?", name = id),
            None => msg!("`semantic-bus connectors` lists them"),
        };
        let problem = self.step_error(index, "connector", problem).advice(advice);
        self.found.push(if step.disabled { problem.as_warning() } else { problem });
    }

    fn step_settings(&mut self, index: usize, step: &Step) {
        let parameters = &self.workflow.parameters;
        let values = step.values(&parameters.samples());
        let settings = substitute(&Value::Object(step.settings.clone()), &values);
        for (name, path) in &settings.unknown {
            let problem = msg!("there is no parameter `{name}`", name = name);
            let advice = match nearest(name, parameters.iter().map(|(known, _)| known)) {
                Some(known) => msg!("did you mean `{name}`?", name = known),
                None => msg!(
                    "declare it under `parameters`, or write `{text}` for the text itself",
                    text = format!("$${{{name}}}")
                ),
            };
            self.found.push(self.step_error(index, &join_key("settings", path), problem).advice(advice));
        }
        // what a sample stands for is not known yet, so nothing can be said about it
        let guessed = |path: &str| {
            settings.uses.iter().any(|(name, at)| {
                let sure = parameters.get(name).is_some_and(|parameter| parameter.default.is_some());
                at == path && (!sure || !step.scopes.is_empty())
            })
        };
        let problems = self.catalogue.check_settings(&step.connector, &settings.value);
        for found in problems.into_iter().filter(|found| !guessed(&found.path)) {
            let field = join_key("settings", &found.path);
            let field = field.strip_suffix('.').unwrap_or(&field);
            let problem: Problem = self.step_error(index, field, found.message);
            self.found.push(problem.advice(found.advice));
        }
    }
}
