//! What starts a run, and what a caller gets.

use crate::import::{
    script::Path,
    work::{Done, Work},
};
use bus_core::{
    Message, msg,
    text::slug,
    workflow::{HttpTrigger, Missed, Schedule, Trigger, UploadTrigger},
};
use serde_json::{Map, Value, json};

/// Runs at an interval of minutes.
pub(super) fn timer(work: &mut Work<'_>) -> Done {
    let minutes = work.given.number(&["interval"]).ok_or_else(|| msg!("it has no interval"))?;
    if minutes <= 0.0 {
        return Err(msg!("its interval is not above zero: it never fired"));
    }
    let (cron, exact) = cron(minutes);
    let schedule = Schedule { cron: cron.clone(), zone: "UTC".into(), missed: Missed::default() };
    work.triggers.push(Trigger::Schedule(schedule));
    if exact {
        work.note(msg!("it is the schedule `{cron}` of the workflow", cron = cron));
    } else {
        work.differs(msg!(
            "an interval of {minutes} minutes has no form in cron: the schedule is `{cron}`",
            minutes = minutes,
            cron = cron
        ));
    }
    Ok(())
}

/// The form in cron of an interval, and whether it is the same; otherwise rather rarer than more often, as calls
/// may cost money.
fn cron(minutes: f64) -> (String, bool) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is cut first")]
    let whole = minutes.ceil().clamp(1.0, 600_000.0) as u32;
    let exact = (minutes - f64::from(whole)).abs() < 1e-9;
    // the least divisor that is not below
    let fitting = |least: u32, of: u32| (least..=of).find(|step| of.is_multiple_of(*step)).unwrap_or(of);
    let every = |step: u32| if step == 1 { "*".to_owned() } else { format!("*/{step}") };
    let minute = fitting(whole.min(60), 60);
    if minute < 60 {
        return (format!("{} * * * *", every(minute)), exact && minute == whole);
    }
    let hour = fitting(whole.div_ceil(60).min(24), 24);
    if hour < 24 {
        return (format!("0 {} * * *", every(hour)), exact && hour * 60 == whole);
    }
    match whole.div_ceil(1_440) {
        0 | 1 => ("0 0 * * *".into(), exact && whole == 1_440),
        // a month begins anew
        days @ 2..=4 => (format!("0 0 */{days} * *"), false),
        5..=7 => ("0 0 * * 1".into(), exact && whole == 7 * 1_440),
        _ => ("0 0 1 * *".into(), false),
    }
}

/// A file that a person brings.
pub(super) fn upload(work: &mut Work<'_>) -> Done {
    work.source("file", json!({ "path": "upload" }));
    work.triggers.push(Trigger::Upload(UploadTrigger { input: String::new() }));
    work.note(msg!("an uploaded file starts a run and takes the place of the file `upload`"));
    work.base_after = Path::default();
    Ok(())
}

/// Published data, or a call that starts a run, or both.
pub(super) fn provider(work: &mut Work<'_>) -> Done {
    let name = work.given.text(&["urlName", "url"]).unwrap_or_default();
    let name = name.trim().trim_matches('/').to_owned();
    let old = format!("{}-{name}", work.component.id);
    let answers = work.given.text(&["responseComponentId"]);
    if work.given.flag(&["unrestrictedExecution"]) {
        work.differs(msg!("several calls at once start runs of their own, in turn"));
    }
    if work.given.text(&["unlockComponentId"]).is_some() {
        work.differs(msg!("no component holds other calls back until it is done"));
    }
    if work.around.inputs > 0 || answers.is_some() {
        publish(work, &name, &old)?;
        work.publishes = answers;
    }
    if work.around.inputs == 0 && (work.around.taken || work.publishes.is_none()) {
        called(work);
    } else if !work.given.flag(&["responseWithoutExecution"]) {
        work.triggers.push(Trigger::Http(HttpTrigger::default()));
    }
    Ok(())
}

/// The sink at its end.
fn publish(work: &mut Work<'_>, name: &str, old: &str) -> Done {
    let slug = address(if name.is_empty() { old } else { name });
    if let Some(media_type) = work.given.text(&["contentType"])
        && !media_type.contains("json")
    {
        work.differs(
            msg!("who calls says which format they want: `{type}` was answered to all", type = media_type),
        );
    }
    if work.given.flag(&["returnRawFile"]) {
        work.differs(msg!(
            "the data is written anew in the format asked for, and not handed on as the file it came in"
        ));
    }
    if !old.trim_matches('-').is_empty() {
        work.reviews.push(was_called(old, &slug));
    }
    let mut settings = Map::new();
    settings.insert("slug".into(), slug.into());
    if !work.component.name.is_empty() {
        settings.insert("title".into(), work.component.name.clone().into());
    }
    work.sink("publish", Value::Object(settings));
    Ok(())
}

/// A name as an address takes it.
fn address(name: &str) -> String {
    let fits = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '-';
    let plain: String = slug(name).chars().filter(fits).take(63).collect();
    let plain = plain.trim_matches('-');
    if plain.is_empty() { "data".into() } else { plain.to_owned() }
}

/// Which path callers used, and which they find now.
fn was_called(old: &str, slug: &str) -> bus_core::check::Problem {
    let problem =
        msg!("callers used the path `{old}`: the data is at `/data/{slug}` now", old = old, slug = slug);
    let advice = msg!("tell them, or have the old path lead to the new one");
    bus_core::check::Problem::error(problem).advice(advice).as_warning()
}

/// The start of a workflow that is called: what the call holds is its record.
fn called(work: &mut Work<'_>) {
    work.triggers.push(Trigger::Http(HttpTrigger::default()));
    if !work.around.taken {
        work.note(msg!("it is the call by HTTP that starts a run"));
        return;
    }
    let mut query = Map::new();
    let mut asks_for_body = false;
    for path in work.asked {
        let path = Path::read(path);
        match path.names() {
            [first, name, ..] if first == "query" => {
                let value = work.parameter(&Path::default().then("query").then(name));
                query.insert(name.clone(), value.into());
            }
            [first, ..] if first == "body" => asks_for_body = true,
            _ => {}
        }
    }
    if asks_for_body {
        // the records are what the body holds
        work.source("file", json!({ "path": "body.json" }));
        if let Some(Trigger::Http(trigger)) = work.triggers.last_mut() {
            trigger.input = Some(String::new());
        }
        work.base_after = Path::read("body");
        work.differs(note_of_body());
        return;
    }
    work.source("records", json!({ "records": [{ "query": query, "body": null, "method": "GET" }] }));
    work.base_after = Path::default();
    work.differs(msg!("of the call, the record holds the members of the query that the workflow uses"));
}

fn note_of_body() -> Message {
    msg!("the records are what the body of the call holds; its headers are not read")
}

#[cfg(test)]
mod tests {
    use super::cron;

    #[test]
    fn intervals() {
        for (minutes, expected, exact) in [
            (1.0, "* * * * *", true),
            (5.0, "*/5 * * * *", true),
            (7.0, "*/10 * * * *", false),
            (45.0, "0 * * * *", false),
            (60.0, "0 * * * *", true),
            (90.0, "0 */2 * * *", false),
            (120.0, "0 */2 * * *", true),
            (1440.0, "0 0 * * *", true),
            (2880.0, "0 0 */2 * *", false),
            (10080.0, "0 0 * * 1", true),
            (43200.0, "0 0 1 * *", false),
            (0.5, "* * * * *", false),
        ] {
            assert_eq!(cron(minutes), (expected.to_owned(), exact), "{minutes}");
        }
    }
}
