//! Progress of long runs: a line a step that moves where a person watches, a plain line now and then
//! otherwise.

use bus_core::{Language, msg};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::{
    io::{self, IsTerminal as _, Write as _},
    time::Duration,
};
use workers::{Progress, StepProgress};

/// Short runs need no progress.
const LONG: Duration = Duration::from_secs(1);
/// How often a plain line is written.
const PLAIN: Duration = Duration::from_secs(10);

/// Who watches a run: bars on a terminal, lines in a log.
pub(crate) fn watcher(language: Language) -> Progress {
    if io::stderr().is_terminal() { bars(language) } else { lines(language) }
}

fn bars(language: Language) -> Progress {
    let all = MultiProgress::new();
    let mut bars: Vec<ProgressBar> = Vec::new();
    Box::new(move |steps| {
        let ended = steps.iter().all(|step| step.ended);
        if ended {
            // the report says it all
            drop(all.clear());
            return;
        }
        if steps.first().is_none_or(|step| step.elapsed < LONG) {
            return;
        }
        if bars.is_empty() {
            bars = steps.iter().map(|step| bar(&all, step, steps)).collect();
        }
        for (bar, step) in bars.iter().zip(steps) {
            bar.set_message(counts(step, language));
            if step.ended {
                bar.finish();
            } else {
                bar.tick();
            }
        }
    })
}

fn bar(all: &MultiProgress, step: &StepProgress<'_>, steps: &[StepProgress<'_>]) -> ProgressBar {
    let width = steps.iter().map(|step| step.id.chars().count()).max().unwrap_or(0);
    let style = ProgressStyle::with_template("{spinner} {prefix}  {msg}");
    let bar = all.add(ProgressBar::new_spinner());
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.set_prefix(format!("{:width$}", step.id));
    bar
}

fn lines(language: Language) -> Progress {
    let mut next = PLAIN;
    Box::new(move |steps| {
        let Some(elapsed) = steps.first().map(|step| step.elapsed) else { return };
        if elapsed < next {
            return;
        }
        next = elapsed + PLAIN;
        let busy = steps.iter().filter(|step| !step.ended);
        let busy: Vec<String> = busy.map(|step| format!("{}: {}", step.id, counts(step, language))).collect();
        let line = msg!("{seconds} s: {steps}", seconds = elapsed.as_secs(), steps = busy.join("; "));
        drop(writeln!(io::stderr().lock(), "{}", line.text(language)));
    })
}

fn counts(step: &StepProgress<'_>, language: Language) -> String {
    let counts = &step.counts;
    let seconds = step.elapsed.as_secs().max(1);
    let records = counts.records_in.max(counts.records_out);
    let mut text = msg!(
        "{records} records, {rate} a second",
        records = grouped(records, language),
        rate = grouped(records / seconds, language)
    )
    .text(language);
    let bytes = counts.bytes_in.max(counts.bytes_out);
    if bytes > 0 {
        text += &msg!(", {megabytes} MB", megabytes = grouped(bytes / 1_000_000, language)).text(language);
    }
    if counts.errors > 0 {
        text += &msg!(", {count} refused", count = grouped(counts.errors, language)).text(language);
    }
    text
}

/// A number with its thousands apart.
fn grouped(number: u64, language: Language) -> String {
    let digits = number.to_string();
    let mark = if language == Language::Fr { '\u{202f}' } else { ',' };
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(mark);
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(grouped(1_234_567, Language::En), "1,234,567");
        assert_eq!(grouped(999, Language::En), "999");
        assert_eq!(grouped(1000, Language::Fr), "1\u{202f}000");
    }
}
