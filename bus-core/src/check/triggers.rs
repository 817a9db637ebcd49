use super::Check;
use crate::{
    catalogue::Kind,
    msg,
    nearest::nearest,
    time::Cron,
    workflow::{LiveTrigger, Schedule, Trigger, expand::WORKFLOW},
    yaml::join_key,
};
use jiff::tz::TimeZone;

impl Check<'_> {
    /// Schedules that cannot be read, and inputs that are no source.
    pub(super) fn triggers(&mut self) {
        for (index, trigger) in self.workflow.triggers.iter().enumerate() {
            let path = format!("triggers[{index}]");
            match trigger {
                Trigger::Manual => {}
                Trigger::Schedule(schedule) => self.schedule(&join_key(&path, "schedule"), schedule),
                Trigger::Http(http) => {
                    if let Some(input) = &http.input {
                        self.trigger_input(&join_key(&path, "http.input"), input);
                    }
                }
                Trigger::Upload(upload) => {
                    self.trigger_input(&join_key(&path, "upload.input"), &upload.input);
                }
                Trigger::Live(live) => {
                    let again = self.workflow.triggers.iter().take(index);
                    let again = again.filter(|other| matches!(other, Trigger::Live(_))).count() > 0;
                    self.live(&join_key(&path, "live"), *live, again);
                }
            }
        }
    }

    fn live(&mut self, path: &str, live: LiveTrigger, again: bool) {
        if again {
            let problem = msg!("a workflow listens once: there is a trigger for arriving messages already");
            self.found.push(self.error(path, problem).advice(msg!("remove one of them")));
        }
        let limits = [
            ("messages", live.messages, LiveTrigger::MOST_MESSAGES),
            ("seconds", live.seconds, LiveTrigger::LONGEST_WAIT),
        ];
        for (name, value, most) in limits {
            if !(1..=most).contains(&value) {
                let problem = msg!("this is to be between 1 and {most}", most = most);
                self.found.push(self.error(&join_key(path, name), problem));
            }
        }
        // a workflow in the place of a step may have a live source inside
        let listens = |connector: &str| {
            connector == WORKFLOW || self.catalogue.entry(connector).is_none_or(|entry| entry.live)
        };
        let steps = self.workflow.steps.iter().filter(|step| !step.disabled);
        if !steps.into_iter().any(|step| listens(&step.connector)) {
            let problem = msg!("no step of the workflow listens: no message will ever arrive");
            let advice = msg!("add a source that messages arrive at, such as MQTT, or remove the trigger");
            self.found.push(self.error(path, problem).advice(advice));
        }
        self.without_values(path, |name| {
            msg!("a message gives no value to the parameter `{name}`", name = name)
        });
    }

    /// Warns of parameters that need a value which nobody gives.
    fn without_values(&mut self, path: &str, problem: impl Fn(&str) -> crate::Message) {
        for (name, parameter) in self.workflow.parameters.iter() {
            if parameter.default.is_none() {
                let advice = msg!("give the parameter a default");
                self.found.push(self.error(path, problem(name)).advice(advice).as_warning());
            }
        }
    }

    fn schedule(&mut self, path: &str, schedule: &Schedule) {
        if let Err(problem) = schedule.cron.parse::<Cron>() {
            let advice = msg!("write minute, hour, day, month and day of the week, such as `0 6 * * 1-5`");
            self.found.push(self.error(&join_key(path, "cron"), problem).advice(advice));
        }
        self.without_values(path, |name| {
            msg!("a schedule gives no value to the parameter `{name}`", name = name)
        });
        if TimeZone::get(&schedule.zone).is_err() {
            let problem = msg!("there is no time zone `{zone}`", zone = &schedule.zone);
            let zones: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
            let advice = match nearest(&schedule.zone, zones.iter().map(String::as_str)) {
                Some(zone) => msg!("did you mean `{name}`?", name = zone),
                None => msg!("write it as `Europe/Paris`"),
            };
            self.found.push(self.error(&join_key(path, "zone"), problem).advice(advice));
        }
    }

    fn trigger_input(&mut self, path: &str, input: &str) {
        let step = self.workflow.step(input);
        let kind = step.and_then(|step| self.catalogue.entry(&step.connector)).map(|entry| entry.kind);
        let problem = match (step, kind) {
            (None, _) => msg!("there is no step `{step}`", step = input),
            (Some(_), Some(Kind::Transform | Kind::Sink)) => {
                msg!("the step `{step}` is not a source", step = input)
            }
            (Some(_), _) => return,
        };
        self.found.push(self.error(path, problem));
    }
}
