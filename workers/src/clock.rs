use bus_core::record::{Precision, Timestamp};
use connectors::contract::Clock;
use std::time::{SystemTime, UNIX_EPOCH};

/// The clock of this machine: the one place where the engine asks for the time.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where Context gets the time from")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::at(i64::try_from(since.as_micros()).unwrap_or(i64::MAX), 0, Precision::Microsecond)
    }
}
