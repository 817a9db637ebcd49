//! The schema as text for people.

use super::{Counted, Evidence, InferredField, InferredSchema};
use crate::{Language, Message, message::Detail, msg};

impl InferredSchema {
    /// The schema as text: one line a field, then what speaks for and against it.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let mut out =
            msg!("{count} records, {fields} fields", count = self.records, fields = self.fields.len())
                .text(language);
        out.push('\n');
        for field in &self.fields {
            out.push('\n');
            field.write(language, &mut out);
        }
        if self.left_out > 0 {
            let left_out = msg!(
                "{count} values were not looked at: too many fields, or too deep",
                count = self.left_out
            );
            out.push_str(&format!("\n{}\n", left_out.text(language)));
        }
        out
    }
}

impl InferredField {
    fn write(&self, language: Language, out: &mut String) {
        let facts: Vec<String> = self.facts().iter().map(|fact| fact.text(language)).collect();
        let path = if self.path.is_empty() { "." } else { &self.path };
        let head = msg!("{field}: {problem}", field = path, problem = facts.join(", "));
        out.push_str(&head.text(language));
        out.push('\n');
        let mut line = |message: Message| out.push_str(&format!("  {}\n", message.text(language)));
        if let (Some(minimum), Some(maximum)) = (&self.minimum, &self.maximum) {
            line(msg!("from {minimum} to {maximum}", minimum = minimum, maximum = maximum));
        }
        if !self.values.is_empty() {
            line(msg!("values: {values}", values = counted(&self.values)));
        } else if !self.examples.is_empty() {
            let examples: Vec<String> = self.examples.iter().map(|example| format!("`{example}`")).collect();
            line(msg!("for example {examples}", examples = examples.join(", ")));
        }
        if !self.masked.is_empty() {
            line(msg!("withheld values: {marks}", marks = counted(&self.masked)));
        }
        let counts = self.counts;
        if counts.absent + counts.null + counts.empty > 0 {
            line(msg!(
                "absent {absent} times, null {null} times, empty {empty} times",
                absent = counts.absent,
                null = counts.null,
                empty = counts.empty
            ));
        }
        if self.day_or_month_first {
            line(msg!("in every date, day and month could also be the other way round"));
        }
        self.evidence.iter().for_each(|evidence| line(evidence.message()));
    }

    fn facts(&self) -> Vec<Message> {
        let mut facts = vec![kind_name(self.r#type)];
        facts.extend(self.format.map(format_name));
        facts.extend(self.pattern.as_ref().map(|pattern| msg!("`{pattern}`", pattern = pattern)));
        if self.decimal_comma {
            facts.push(msg!("decimal comma"));
        }
        facts.extend(self.unit.as_ref().map(|unit| msg!("in {unit}", unit = &unit.symbol)));
        if self.required {
            facts.push(msg!("always there"));
        }
        if self.unique {
            facts.push(msg!("never twice the same"));
        }
        facts.extend(self.term.map(|term| msg!("{term}", term = term)));
        facts.push(msg!("{percent} % sure", percent = format!("{:.0}", self.confidence * 100.0)));
        facts
    }
}

impl Evidence {
    fn message(&self) -> Message {
        let guess: Detail = if self.guess.contains(['/', ':', '\'']) || self.guess.contains("yy") {
            Detail::Plain(format!("`{}`", self.guess))
        } else {
            guess_name(&self.guess)
                .map_or_else(|| Detail::Plain(format!("`{}`", self.guess)), Detail::Message)
        };
        if self.counter_examples.is_empty() {
            return msg!("{guess}: {matched} of {of}", guess = guess, matched = self.matched, of = self.of);
        }
        let but: Vec<String> = self.counter_examples.iter().map(|example| format!("`{example}`")).collect();
        msg!(
            "{guess}: {matched} of {of}, but not {examples}",
            guess = guess,
            matched = self.matched,
            of = self.of,
            examples = but.join(", ")
        )
    }
}

fn counted(values: &[Counted]) -> String {
    let mut shown: Vec<String> =
        values.iter().take(12).map(|counted| format!("`{}` ×{}", counted.value, counted.count)).collect();
    if values.len() > shown.len() {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}

fn kind_name(kind: &str) -> Message {
    match kind {
        "integer" => msg!("whole number"),
        "number" => msg!("number"),
        "boolean" => msg!("true or false"),
        "date" => msg!("date"),
        "time" => msg!("date with a time of day"),
        "object" => msg!("object"),
        "list" => msg!("list"),
        "bytes" => msg!("bytes"),
        "mixed" => msg!("values of different types"),
        "empty" => msg!("no value"),
        _ => msg!("text"),
    }
}

fn format_name(format: &'static str) -> Message {
    let known = crate::schema::KnownFormat::ALL.into_iter().find(|known| known.id() == format);
    if let Some(known) = known {
        return Message::new(known.title(), Vec::new());
    }
    match format {
        "latitude" => msg!("latitude"),
        "longitude" => msg!("longitude"),
        "lambert93-x" => msg!("Lambert-93 easting (X)"),
        "lambert93-y" => msg!("Lambert-93 northing (Y)"),
        "year" => msg!("year"),
        "time-of-day" => msg!("time of day"),
        "unix-seconds" => msg!("Unix seconds"),
        "unix-milliseconds" => msg!("Unix milliseconds"),
        other => msg!("{form}", form = other),
    }
}

fn guess_name(guess: &str) -> Option<Message> {
    let known = crate::schema::KnownFormat::ALL.into_iter().find(|known| known.id() == guess);
    if let Some(known) = known {
        return Some(Message::new(known.title(), Vec::new()));
    }
    match guess {
        "number with a unit" => Some(msg!("number with a unit")),
        "time-of-day" => Some(msg!("time of day")),
        "integer" | "number" | "boolean" | "date" | "time" | "text" | "object" | "list" | "bytes" => {
            Some(kind_name(guess))
        }
        _ => None,
    }
}
