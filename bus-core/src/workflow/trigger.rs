use crate::{
    Language, Message,
    api::{ScheduleTimes, Time},
    msg,
    time::Cron,
};
use jiff::{Timestamp, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// # Trigger
///
/// What starts a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// # By hand
    ///
    /// A person starts it.
    Manual,
    /// # On a schedule
    Schedule(Schedule),
    /// # On an HTTP call
    Http(HttpTrigger),
    /// # On an upload
    Upload(UploadTrigger),
    /// # When messages arrive
    Live(LiveTrigger),
}

/// # Schedule
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// # Times
    ///
    /// In cron's form: minute, hour, day of the month, month, day of the week.
    #[schemars(extend("examples" = ["0 6 * * 1-5"]))]
    pub cron: String,
    /// # Time zone
    ///
    /// The zone whose clock is meant.
    #[serde(default = "utc")]
    #[schemars(extend("examples" = ["Europe/Paris"]))]
    pub zone: String,
    /// # Missed times
    ///
    /// What happens with times that passed while the bus was off.
    #[serde(default, skip_serializing_if = "Missed::is_default")]
    pub missed: Missed,
}

impl Schedule {
    /// The times it fires, read.
    ///
    /// # Errors
    /// What is wrong with its times or its zone.
    pub fn times(&self) -> Result<Times, Message> {
        let cron = self.cron.parse()?;
        let zone = TimeZone::get(&self.zone)
            .map_err(|_| msg!("there is no time zone `{zone}`", zone = &self.zone))?;
        Ok(Times { cron, zone })
    }

    /// The next `count` times after `now`, also as people read them.
    ///
    /// # Errors
    /// What is wrong with its times or its zone.
    pub fn next(&self, now: Time, count: usize, language: Language) -> Result<ScheduleTimes, Message> {
        let times = self.times()?;
        let mut next = Vec::new();
        let mut last = now;
        while let Some(time) = times.next_after(last).filter(|_| next.len() < count) {
            next.push(time);
            last = time;
        }
        let shown = next.iter().map(|time| times.show(*time, language)).collect();
        Ok(ScheduleTimes { next, shown })
    }
}

/// The times a schedule fires.
#[derive(Debug, Clone)]
pub struct Times {
    cron: Cron,
    zone: TimeZone,
}

impl Times {
    /// The first time after `after`.
    #[must_use]
    pub fn next_after(&self, after: Time) -> Option<Time> {
        let after = Timestamp::from_millisecond(after.0).ok()?;
        self.cron.next_after(after, &self.zone).map(|time| Time(time.as_millisecond()))
    }

    /// A time as the clocks of the schedule's zone show it, with the day of the week.
    #[must_use]
    pub fn show(&self, time: Time, language: Language) -> String {
        let Ok(moment) = Timestamp::from_millisecond(time.0) else { return time.to_string() };
        let shown = self.zone.to_datetime(moment);
        let day = crate::time::weekday(shown.date(), language);
        let zone = self.zone.to_offset_info(moment).abbreviation().to_owned();
        let pattern = match language {
            Language::En => "%Y-%m-%d %H:%M",
            Language::Fr => "%d/%m/%Y %H:%M",
        };
        format!("{day} {} {zone}", shown.strftime(pattern))
    }

    /// The schedule in words.
    #[must_use]
    pub fn words(&self, language: Language) -> String {
        self.cron.words(language)
    }
}

/// # Missed times
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Missed {
    /// # Left out
    Skip,
    /// # One run for all of them
    #[default]
    Once,
    /// # A run for each
    ///
    /// At most a hundred: the latest.
    All,
}

impl Missed {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

fn utc() -> String {
    "UTC".into()
}

/// # HTTP call
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpTrigger {
    /// # Input
    ///
    /// The source whose data the body of the call stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
}

/// # Upload
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UploadTrigger {
    /// # Input
    ///
    /// The source whose data the uploaded file stands for.
    pub input: String,
}

/// # Arriving messages
///
/// Messages that arrive at the live sources of the workflow are put together and start a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LiveTrigger {
    /// # Most messages
    ///
    /// A run starts as soon as so many messages have come.
    #[serde(default = "most_messages")]
    pub messages: u32,
    /// # Longest wait
    ///
    /// A run starts when the first of its messages has waited so many seconds.
    #[serde(default = "longest_wait")]
    pub seconds: u32,
}

impl LiveTrigger {
    /// The most messages that one run may be asked to take.
    pub const MOST_MESSAGES: u32 = 10_000;
    /// The longest time that a message may be asked to wait, in seconds.
    pub const LONGEST_WAIT: u32 = 3_600;
}

impl Default for LiveTrigger {
    fn default() -> Self {
        Self { messages: most_messages(), seconds: longest_wait() }
    }
}

const fn most_messages() -> u32 {
    500
}

const fn longest_wait() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_times_as_people_read_them() {
        let schedule = Schedule {
            cron: "0 6 * * 1-5".to_owned(),
            zone: "Europe/Paris".to_owned(),
            missed: Missed::default(),
        };
        let now = Time(1_792_713_600_000);
        let times = schedule.next(now, 2, Language::Fr).expect("a schedule");
        assert_eq!(times.shown, ["vendredi 23/10/2026 06:00 CEST", "lundi 26/10/2026 06:00 CET"]);
        assert_eq!(times.next[0].to_string(), "2026-10-23T04:00:00.000Z");
        let wrong = Schedule { zone: "Europe/Pariss".to_owned(), ..schedule };
        assert_eq!(wrong.times().expect_err("no zone").to_string(), "there is no time zone `Europe/Pariss`");
    }
}
