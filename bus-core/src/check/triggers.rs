use super::Check;
use crate::{
    Message,
    catalogue::Kind,
    msg,
    nearest::nearest,
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
        if let Some(problem) = cron_problem(&schedule.cron) {
            let advice = msg!("write minute, hour, day, month and day of the week, such as `0 6 * * 1-5`");
            self.found.push(self.error(&join_key(path, "cron"), problem).advice(advice));
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

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Why a text is not five fields of cron; `None` if it is.
fn cron_problem(text: &str) -> Option<Message> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != 5 {
        return Some(msg!("`{cron}` has {count} fields, not five", cron = text, count = fields.len()));
    }
    let ranges: [(u32, u32, &[&str]); 5] =
        [(0, 59, &[]), (0, 23, &[]), (1, 31, &[]), (1, 12, MONTHS), (0, 7, DAYS)];
    let wrong = fields.iter().zip(ranges).find(|(field, (least, most, names))| {
        !field.split(',').all(|part| cron_part(part, *least, *most, names))
    });
    wrong.map(|(field, (least, most, _))| {
        msg!(
            "`{field}` is not a time: numbers from {least} to {most}, `*`, `a-b`, `*/n`",
            field = *field,
            least = least,
            most = most
        )
    })
}

fn cron_part(part: &str, least: u32, most: u32, names: &[&str]) -> bool {
    let (range, every) = part.split_once('/').map_or((part, None), |(range, every)| (range, Some(every)));
    if every.is_some_and(|every| every.parse::<u32>().map_or(true, |every| every == 0 || every > most)) {
        return false;
    }
    let number = |text: &str| {
        let named = names.iter().position(|name| text.eq_ignore_ascii_case(name));
        let named = named.and_then(|place| Some(u32::try_from(place).ok()? + least));
        named.or_else(|| text.parse().ok()).filter(|number| (least..=most).contains(number))
    };
    match range.split_once('-') {
        _ if range == "*" => true,
        Some((from, to)) => number(from).zip(number(to)).is_some_and(|(from, to)| from <= to),
        None => number(range).is_some() && every.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::cron_problem;

    #[test]
    fn cron_in_five_fields() {
        for text in ["0 6 * * 1-5", "*/15 * * * *", "0,30 8-18/2 1 jan,jul MON-FRI", "59 23 31 12 7"] {
            assert_eq!(cron_problem(text), None, "{text}");
        }
        for text in [
            "",
            "0 6 * *",
            "60 * * * *",
            "* * 0 * *",
            "*/0 * * * *",
            "5-1 * * * *",
            "1/2 * * * *",
            "x * * * *",
        ] {
            assert!(cron_problem(text).is_some(), "{text}");
        }
    }
}
