use super::{Answer, Http, Request, client::shown};
use crate::contract::Context;
use bus_core::{error::StepError, msg};
use reqwest::StatusCode;
use std::time::Duration;

/// How often and how patiently to try again.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// How often to try again.
    pub times: u32,
    /// How long to wait the first time; each further wait is twice as long.
    pub first_wait: Duration,
    /// The longest wait, also when the server asks for a longer one.
    pub longest_wait: Duration,
}

impl Retry {
    /// So many times, with the usual waits.
    #[must_use]
    pub const fn times(times: u32) -> Self {
        Self { times, first_wait: Duration::from_millis(500), longest_wait: Duration::from_secs(120) }
    }

    /// The wait before the attempt after `attempt` (from 0): doubling, and anything from half of it on, so
    /// that those who failed together do not come back together.
    fn wait(&self, attempt: u32, chance: f64) -> Duration {
        let whole = self.first_wait.saturating_mul(2_u32.saturating_pow(attempt)).min(self.longest_wait);
        whole.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
    }
}

impl Http {
    /// Makes a call, and again if that may help: when nobody answers, or the server is busy or broken.
    ///
    /// Whatever the last answer is, it is given back.
    ///
    /// # Errors
    /// When nobody answers to the last attempt, or the run is cancelled.
    pub async fn fetch(
        &self,
        request: &Request,
        retry: Retry,
        context: &Context,
    ) -> Result<Answer, StepError> {
        let mut attempt = 0;
        loop {
            let outcome = self.send(request).await;
            let mut asked = None;
            match &outcome {
                Ok(answer) if !is_passing(answer.status()) => return outcome,
                Ok(answer) => {
                    asked = answer.header("retry-after").and_then(|text| retry_after(text, context));
                }
                Err(error) if !error.retry => return outcome,
                Err(_) => {}
            }
            if attempt >= retry.times {
                return outcome;
            }
            let wait = match asked {
                // a server that wants more patience than there is gets no further call
                Some(asked) if asked > retry.longest_wait => return outcome,
                Some(asked) => asked,
                None => retry.wait(attempt, chance(request, attempt, context)),
            };
            drop(outcome);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = context.cancellation().cancelled_owned() => return Err(StepError::cancelled().at(shown(&request.url))),
            }
            attempt += 1;
        }
    }
}

/// Whether a status may be another one soon.
pub(super) fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

/// The error that a status is, where no records can be had from it.
#[must_use]
pub fn of_status(status: StatusCode, snippet: &str) -> StepError {
    let reason = status.canonical_reason().unwrap_or_default();
    let message = if snippet.is_empty() {
        msg!("the server answered {status} {reason}", status = status.as_u16(), reason = reason)
    } else {
        msg!(
            "the server answered {status} {reason}: {text}",
            status = status.as_u16(),
            reason = reason,
            text = snippet
        )
    };
    if is_passing(status) { StepError::passing(message) } else { StepError::remote(message) }
}

/// How long `Retry-After` asks to wait: seconds, or until a date (RFC 9110 §10.2.3).
#[must_use]
pub fn retry_after(text: &str, context: &Context) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    let micros = until.as_microsecond().saturating_sub(context.now().micros());
    Some(Duration::from_micros(u64::try_from(micros).unwrap_or(0)))
}

/// A number from 0 to 1 that differs from call to call; nothing depends on its being hard to guess.
#[expect(clippy::cast_precision_loss, reason = "the upper 53 bits are a number")]
fn chance(request: &Request, attempt: u32, context: &Context) -> f64 {
    use std::hash::{BuildHasher, Hasher};
    let mut hasher = std::hash::RandomState::new().build_hasher();
    hasher.write(request.url.as_str().as_bytes());
    hasher.write_u32(attempt);
    hasher.write_i64(context.now().micros());
    (hasher.finish() >> 11) as f64 / (1_u64 << 53) as f64
}
