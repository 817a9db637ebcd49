use bus_core::api::Time;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// How many names are remembered: an attacker who invents names must not fill the memory.
const NAMES: usize = 10_000;

/// Slows down whoever tries again and again: each name has so many attempts, won back with time.
///
/// Each node counts for itself.
pub(crate) struct Limiter {
    time: Duration,
    used: Mutex<HashMap<String, Used>>,
}

#[derive(Clone, Copy)]
struct Used {
    /// Attempts used and not won back, at `at`.
    attempts: f64,
    at: Time,
}

impl Limiter {
    /// All attempts are won back in `time`.
    pub(crate) fn new(time: Duration) -> Self {
        Self { time, used: Mutex::default() }
    }

    /// Uses one of `most` attempts of `name`, or says after how many seconds there is one again.
    pub(crate) fn attempt(&self, name: &str, most: u32, now: Time) -> Result<(), u64> {
        let most = f64::from(most.max(1));
        let mut all = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let used = all.get(name).map_or(0.0, |used| self.left(*used, most, now));
        if used + 1.0 > most {
            return Err(seconds((used + 1.0 - most) / most * self.time.as_secs_f64()));
        }
        if all.len() >= NAMES && !all.contains_key(name) {
            self.forget(&mut all, most, now);
        }
        all.insert(name.to_owned(), Used { attempts: used + 1.0, at: now });
        Ok(())
    }

    /// Forgets the attempts of a name: it has shown who it is.
    pub(crate) fn clear(&self, name: &str) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    fn left(&self, used: Used, most: f64, now: Time) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a few minutes")]
        let since = (now.0 - used.at.0).max(0) as f64 / 1e3;
        (used.attempts - since * most / self.time.as_secs_f64()).max(0.0)
    }

    /// Makes room: first those that have won back all, then the oldest half.
    fn forget(&self, all: &mut HashMap<String, Used>, most: f64, now: Time) {
        all.retain(|_, used| self.left(*used, most, now) > 0.0);
        if all.len() >= NAMES {
            let mut times: Vec<_> = all.values().map(|used| used.at).collect();
            times.sort_unstable();
            let middle = times.get(times.len() / 2).copied().unwrap_or(now);
            all.retain(|_, used| used.at > middle);
        }
    }
}

/// Whole seconds, at least one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few minutes, never negative")]
fn seconds(time: f64) -> u64 {
    time.ceil().max(1.0) as u64
}

#[cfg(test)]
mod tests {
    use super::{Limiter, NAMES};
    use bus_core::api::Time;
    use std::time::Duration;

    #[test]
    fn attempts_run_out_and_come_back_with_time() {
        let limiter = Limiter::new(Duration::from_secs(60));
        for _ in 0..3 {
            assert_eq!(limiter.attempt("ada", 3, Time(0)), Ok(()));
        }
        assert_eq!(limiter.attempt("ada", 3, Time(0)), Err(20));
        assert_eq!(limiter.attempt("grace", 3, Time(0)), Ok(()));
        assert_eq!(limiter.attempt("ada", 3, Time(19_000)), Err(1));
        assert_eq!(limiter.attempt("ada", 3, Time(20_000)), Ok(()));
        assert_eq!(limiter.attempt("ada", 3, Time(20_000)), Err(20));
        limiter.clear("ada");
        assert_eq!(limiter.attempt("ada", 3, Time(20_000)), Ok(()));
    }

    #[test]
    fn invented_names_do_not_fill_the_memory() {
        let limiter = Limiter::new(Duration::from_secs(60));
        for name in 0..3 * NAMES {
            let now = Time(i64::try_from(name).expect("small") / 100);
            assert_eq!(limiter.attempt(&name.to_string(), 5, now), Ok(()));
        }
        assert!(limiter.used.lock().expect("not poisoned").len() <= NAMES);
    }
}
