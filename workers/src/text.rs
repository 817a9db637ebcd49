use crate::report::{Outcome, RunReport, StepReport};
use bus_core::{Language, Message, catalogue::Kind, loss::Loss, msg};

impl RunReport {
    /// The report for people, several lines.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let mut lines = vec![self.head().text(language)];
        let width = self.steps.iter().map(|step| step.id.chars().count()).max().unwrap_or(0);
        for step in &self.steps {
            lines.push(format!("  {:width$}  {}", step.id, line(step).text(language)));
            lines.extend(details(step, language).into_iter().map(|detail| format!("    {detail}")));
        }
        if let Some(failure) = &self.error {
            lines.push(failure.error.text(language));
        }
        lines.join("\n")
    }

    fn head(&self) -> Message {
        let (seconds, cpu) = (decimals(self.seconds), decimals(self.cpu_seconds));
        match self.outcome {
            Outcome::Done => msg!("done in {seconds} s ({cpu} s of CPU)", seconds = seconds, cpu = cpu),
            Outcome::Unchanged => msg!("nothing has changed since the last run"),
            Outcome::Failed => msg!("failed after {seconds} s", seconds = seconds),
            Outcome::Cancelled => msg!("cancelled after {seconds} s", seconds = seconds),
            Outcome::NotRun => msg!("not run"),
        }
    }
}

fn line(step: &StepReport) -> Message {
    match step.outcome {
        Outcome::Done => done(step),
        Outcome::Unchanged => msg!("unchanged"),
        Outcome::Failed => msg!("failed"),
        Outcome::Cancelled => msg!("cancelled"),
        Outcome::NotRun => msg!("not run"),
    }
}

fn done(step: &StepReport) -> Message {
    let counts = step.counts;
    match (step.kind, &step.receipt) {
        (Kind::Source, _) => {
            msg!("read: {went}, refused: {refused}", went = counts.records_out, refused = counts.errors)
        }
        (_, Some(receipt)) => msg!(
            "in: {came}, written: {written}, refused: {refused}",
            came = counts.records_in,
            written = receipt.written,
            refused = counts.errors
        ),
        (_, None) => msg!(
            "in: {came}, out: {went}, refused: {refused}",
            came = counts.records_in,
            went = counts.records_out,
            refused = counts.errors
        ),
    }
}

/// What there is to say of a step beyond its numbers.
fn details(step: &StepReport, language: Language) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(target) = step.receipt.as_ref().and_then(|receipt| receipt.target.as_ref()) {
        lines.push(msg!("written to {target}", target = target).text(language));
    }
    if let Some(failure) = &step.error {
        lines.push(failure.error.text(language));
    }
    for (field, losses) in step.losses.iter() {
        for loss in losses {
            let what = match loss.loss {
                Loss::Dropped => msg!("dropped"),
                Loss::Renamed => msg!("renamed"),
                Loss::Approximated => msg!("approximated"),
            };
            let reason = language.text(&loss.reason);
            lines.push(
                msg!(
                    "field `{field}` {what} {count} times: {reason}",
                    field = field,
                    what = what,
                    count = loss.count,
                    reason = reason
                )
                .text(language),
            );
        }
    }
    let errors = &step.errors;
    if errors.count > 0 {
        lines.push(msg!("refused and kept: {count}; the first:", count = errors.count).text(language));
        lines
            .extend(errors.first.iter().take(SHOWN).map(|record| format!("  {}", refusal(record, language))));
        if let Some(file) = &errors.file {
            lines.push(msg!("all of them: {file}", file = file.display().to_string()).text(language));
        }
    }
    lines
}

/// Refused records that the text shows of each step.
const SHOWN: usize = 5;

/// The place and the reason of a refused record.
fn refusal(record: &serde_json::Value, language: Language) -> String {
    let text = |name: &str| record.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    let number = |name: &str| record.get(name).and_then(serde_json::Value::as_u64);
    let mut parts = Vec::new();
    let place = match (number("line"), number("column"), number("number")) {
        (Some(line), Some(column), _) => {
            Some(msg!("line {line}, column {column}", line = line, column = column))
        }
        (Some(line), None, _) => Some(msg!("line {line}", line = line)),
        (None, _, Some(number)) => Some(msg!("record {number}", number = number)),
        (None, _, None) => None,
    };
    parts.extend(place);
    if !text("field").is_empty() {
        parts.push(msg!("field `{field}`", field = text("field")));
    }
    let reason = msg!("{problem}", problem = text("reason"));
    let around = |inner: Message, place: Message| msg!("{place}: {problem}", place = place, problem = inner);
    parts.into_iter().rev().fold(reason, around).text(language)
}

fn decimals(seconds: f64) -> String {
    format!("{seconds:.2}")
}
