use bus_core::{api::Time, workflow::Times};
use std::collections::VecDeque;

const HOUR: i64 = 3_600_000;

/// The slots from `first`, which is one, to `until`, in order: the latest `most` of them.
///
/// Looks back in windows that grow, so that a year of every minute costs no more than a day of them.
pub(super) fn passed(times: &Times, first: Time, until: Time, most: usize) -> Vec<Time> {
    let mut window = HOUR;
    loop {
        let start = until.0.saturating_sub(window).max(first.0);
        let mut slots = VecDeque::new();
        let mut last = Time(start.saturating_sub(1));
        while let Some(slot) = times.next_after(last).filter(|slot| *slot <= until) {
            slots.push_back(slot);
            if slots.len() > most {
                slots.pop_front();
            }
            last = slot;
        }
        if start == first.0 || slots.len() == most {
            return slots.into();
        }
        window = window.saturating_mul(24);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bus_core::workflow::{Missed, Schedule};

    fn times(cron: &str) -> Times {
        let schedule = Schedule { cron: cron.to_owned(), zone: "UTC".to_owned(), missed: Missed::All };
        schedule.times().expect("a schedule")
    }

    #[test]
    fn the_latest_are_kept_in_order() {
        let day = |n: i64| Time(n * 24 * HOUR);
        assert_eq!(passed(&times("0 0 * * *"), day(1), day(3), 10), [day(1), day(2), day(3)]);
        assert_eq!(passed(&times("0 0 * * *"), day(1), day(400), 2), [day(399), day(400)]);
        assert_eq!(passed(&times("0 0 1 1 *"), Time(0), day(365), 5), [Time(0), day(365)]);
        let minutes = passed(&times("* * * * *"), Time(0), day(10_000), 100);
        assert_eq!((minutes.len(), minutes.last()), (100, Some(&day(10_000))));
    }
}
