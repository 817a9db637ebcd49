use super::Check;
use crate::{
    msg,
    nearest::nearest,
    workflow::{in_expressions, references},
    yaml::join_key,
};
use serde_json::Value;
use std::collections::BTreeSet;

impl Check<'_> {
    /// Parameters that are declared wrongly, never used, or used in an expression without being declared.
    pub(super) fn parameters(&mut self) {
        let mut used = BTreeSet::new();
        for (index, step) in self.workflow.steps.iter().enumerate() {
            let settings = Value::Object(step.settings.clone());
            used.extend(references(&settings).into_iter().map(|(name, _)| name));
            for name in in_expressions(&settings) {
                if self.workflow.parameters.get(&name).is_none() && step.scopes.is_empty() {
                    self.undeclared(index, &name);
                }
                used.insert(name);
            }
        }
        for (name, parameter) in self.workflow.parameters.iter() {
            let path = join_key("parameters", name);
            for (member, value) in parameter
                .default
                .iter()
                .map(|value| ("default", value))
                .chain(parameter.choices.iter().map(|value| ("choices", value)))
            {
                if let Some(problem) = parameter.refuses(value) {
                    self.found.push(self.error(&join_key(&path, member), problem));
                }
            }
            if !used.contains(name) {
                let problem = msg!("the parameter `{name}` is never used", name = name);
                let advice = msg!("write `{use}` in a setting, or remove it", use = format!("${{{name}}}"));
                self.found.push(self.error(&path, problem).advice(advice).as_warning());
            }
        }
    }

    fn undeclared(&mut self, step: usize, name: &str) {
        let problem = msg!("`params.{name}` is used, but there is no parameter `{name}`", name = name);
        let advice = match nearest(name, self.workflow.parameters.iter().map(|(known, _)| known)) {
            Some(known) => msg!("did you mean `{name}`?", name = known),
            None => msg!("declare it under `parameters`"),
        };
        self.found.push(self.step_error(step, "settings", problem).advice(advice).as_warning());
    }
}
