use super::Check;
use crate::{
    catalogue::Kind,
    msg,
    nearest::nearest,
    time::Cron,
    workflow::{Schedule, Trigger},
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
            }
        }
    }

    fn schedule(&mut self, path: &str, schedule: &Schedule) {
        if let Err(problem) = schedule.cron.parse::<Cron>() {
            let advice = msg!("write minute, hour, day, month and day of the week, such as `0 6 * * 1-5`");
            self.found.push(self.error(&join_key(path, "cron"), problem).advice(advice));
        }
        for (name, parameter) in self.workflow.parameters.iter() {
            if parameter.default.is_none() {
                let problem = msg!("a schedule gives no value to the parameter `{name}`", name = name);
                let advice = msg!("give the parameter a default");
                self.found.push(self.error(path, problem).advice(advice).as_warning());
            }
        }
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
