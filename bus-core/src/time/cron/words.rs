//! A schedule as a person says it.

use super::{Cron, LAST};
use crate::{Language, Message, msg, time::names};

/// More times of a day than these are not listed one by one.
const MOST_TIMES: usize = 6;

impl Cron {
    /// The schedule in words: `from Monday to Friday at 06:00`.
    #[must_use]
    pub fn words(&self, language: Language) -> String {
        let days = self.days_in_words(language);
        let text = if self.is_hourly() {
            let pace = self.pace(language);
            match days {
                Some(days) => msg!("{pace}, {days}", pace = pace, days = days),
                None => pace,
            }
        } else {
            let days = days.unwrap_or_else(|| msg!("every day"));
            msg!("{days} at {times}", days = days, times = self.times_in_words(language))
        };
        let text = match self.some_months() {
            Some(months) => {
                let months = months.into_iter().map(|month| names::month(month, false, language).to_owned());
                msg!("{text}, in {months}", text = text, months = list(months.collect(), language))
            }
            None => text,
        };
        text.text(language)
    }

    /// How often within the hour.
    fn pace(&self, language: Language) -> Message {
        let minutes: Vec<i8> = self.minutes.numbers().collect();
        let step = match minutes.as_slice() {
            [0, second, ..] => *second,
            _ => 60,
        };
        let even = (0..60).step_by(usize::try_from(step).unwrap_or(60)).eq(minutes.iter().copied());
        match minutes.as_slice() {
            [0] => msg!("every hour"),
            [minute] => msg!("every hour at minute {minute}", minute = i64::from(*minute)),
            _ if even && step == 1 => msg!("every minute"),
            _ if even && 60 % step == 0 => msg!("every {count} minutes", count = i64::from(step)),
            _ => {
                let minutes = minutes.iter().map(ToString::to_string).collect();
                msg!("every hour at the minutes {minutes}", minutes = list(minutes, language))
            }
        }
    }

    fn times_in_words(&self, language: Language) -> String {
        let times: Vec<String> =
            self.times().take(MOST_TIMES + 1).map(|time| time.strftime("%H:%M").to_string()).collect();
        if times.len() <= MOST_TIMES {
            return list(times, language);
        }
        let two = |number: i8| format!("{number:02}");
        let (hours, minutes) = (self.hours.numbers().map(two), self.minutes.numbers().map(two));
        msg!(
            "the minutes {minutes} of the hours {hours}",
            minutes = list(minutes.collect(), language),
            hours = list(hours.collect(), language)
        )
        .text(language)
    }

    /// The days, if not all.
    fn days_in_words(&self, language: Language) -> Option<Message> {
        let by_day = (!self.days.is_every(1, 31)).then(|| self.month_days(language));
        let by_weekday = (!self.weekdays.is_every(0, 6)).then(|| self.week_days(language));
        match (by_day, by_weekday) {
            (None, None) => None,
            (Some(days), None) | (None, Some(days)) => Some(days),
            (Some(one), Some(other)) if self.days.any || self.weekdays.any => {
                Some(msg!("{days} that is also {others}", days = one, others = other))
            }
            (Some(one), Some(other)) => Some(msg!("{days} and {others}", days = one, others = other)),
        }
    }

    fn month_days(&self, language: Language) -> Message {
        let days: Vec<String> =
            self.days.numbers().filter(|day| *day != LAST).map(|day| day.to_string()).collect();
        match (days.is_empty(), self.days.has(LAST)) {
            (true, _) => msg!("the last day of the month"),
            (false, true) => msg!("the days {days} and the last of the month", days = days.join(", ")),
            (false, false) => msg!("the days {days} of the month", days = list(days, language)),
        }
    }

    fn week_days(&self, language: Language) -> Message {
        let days: Vec<i8> = (1..=7).filter(|day| self.weekdays.has(*day % 7)).collect();
        let name = |day: &i8| names::weekday(*day, false, language).to_owned();
        let in_a_row = days.windows(2).all(|pair| matches!(pair, [one, next] if next - one == 1));
        match days.as_slice() {
            [first, _, .., last] if in_a_row => {
                msg!("from {first} to {last}", first = name(first), last = name(last))
            }
            _ => msg!("every {days}", days = list(days.iter().map(name).collect(), language)),
        }
    }
}

/// `a, b and c`.
fn list(mut items: Vec<String>, language: Language) -> String {
    let Some(last) = items.pop() else { return String::new() };
    if items.is_empty() {
        return last;
    }
    msg!("{items} and {last}", items = items.join(", "), last = last).text(language)
}
