//! From the properties of a component to a record.

use super::{
    line::{Line, list, unescape},
    zones::Zones,
};
use bus_core::record::{BatchBuilder, BuildError};

/// How a property becomes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Time,
    Times,
    Texts,
    Number,
    Person,
    Place,
    Text,
}

/// Properties that may come more than once: always lists.
const MANY: [&str; 10] = [
    "ATTENDEE",
    "CATEGORIES",
    "COMMENT",
    "ATTACH",
    "EXDATE",
    "RDATE",
    "CONTACT",
    "RELATED-TO",
    "RESOURCES",
    "FREEBUSY",
];

fn role(name: &str) -> Role {
    match name {
        "DTSTART" | "DTEND" | "DUE" | "DTSTAMP" | "CREATED" | "LAST-MODIFIED" | "COMPLETED"
        | "RECURRENCE-ID" => Role::Time,
        "EXDATE" | "RDATE" => Role::Times,
        "CATEGORIES" | "RESOURCES" => Role::Texts,
        "PRIORITY" | "SEQUENCE" | "PERCENT-COMPLETE" => Role::Number,
        "ATTENDEE" | "ORGANIZER" => Role::Person,
        "GEO" => Role::Place,
        _ => Role::Text,
    }
}

/// A component with its properties and the alarms in it.
#[derive(Debug, Default)]
pub(super) struct Component {
    pub(super) name: String,
    pub(super) lines: Vec<Line>,
    pub(super) alarms: Vec<Vec<Line>>,
}

impl Component {
    /// Writes the record; `calendar` is the name of the calendar it is in.
    pub(super) fn write(
        &self,
        calendar: Option<&str>,
        zones: &mut Zones,
        out: &mut BatchBuilder,
    ) -> Result<(), BuildError> {
        out.begin_object();
        out.key("component")?;
        out.text(&self.name);
        if let Some(calendar) = calendar {
            out.key("calendar")?;
            out.text(calendar);
        }
        properties(&self.lines, zones, out)?;
        if !self.alarms.is_empty() {
            out.key("alarms")?;
            out.begin_list();
            for alarm in &self.alarms {
                out.begin_object();
                properties(alarm, zones, out)?;
                out.end();
            }
            out.end();
        }
        out.end();
        Ok(())
    }
}

fn properties(lines: &[Line], zones: &mut Zones, out: &mut BatchBuilder) -> Result<(), BuildError> {
    for (index, line) in lines.iter().enumerate() {
        if lines.iter().take(index).any(|earlier| earlier.name == line.name) {
            continue;
        }
        let role = role(&line.name);
        let same = || lines.iter().filter(|other| other.name == line.name);
        let taken =
            matches!(line.name.as_str(), "COMPONENT" | "CALENDAR" | "ALARMS" | "PARAMETERS" | "GEOMETRY");
        let mut name = field_name(&line.name);
        if taken {
            name.push('_');
        }
        out.key(if role == Role::Place { "geometry" } else { &name })?;
        if MANY.contains(&line.name.as_str()) || same().count() > 1 {
            out.begin_list();
            for line in same() {
                value(line, role, zones, out)?;
            }
            out.end();
        } else {
            value(line, role, zones, out)?;
        }
    }
    parameters(lines, out)
}

/// `LAST-MODIFIED` is the field `last_modified`.
fn field_name(name: &str) -> String {
    name.to_ascii_lowercase().replace('-', "_")
}

/// Parameters that the values do not show, such as the language of a summary.
fn parameters(lines: &[Line], out: &mut BatchBuilder) -> Result<(), BuildError> {
    let shown = |line: &Line, name: &str| {
        matches!(name, "TZID" | "ENCODING" | "CHARSET")
            || (name == "VALUE" && role(&line.name) != Role::Text)
            || role(&line.name) == Role::Person
    };
    let has = |line: &&Line| line.parameters.iter().any(|(name, _)| !shown(line, name));
    if !lines.iter().any(|line| has(&line)) {
        return Ok(());
    }
    out.key("parameters")?;
    out.begin_object();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| has(line)) {
        if lines.iter().take(index).any(|earlier| earlier.name == line.name && has(&earlier)) {
            continue;
        }
        out.key(&field_name(&line.name))?;
        out.begin_object();
        for (place, (name, value)) in line.parameters.iter().enumerate() {
            let again = line.parameters.iter().take(place).any(|(earlier, _)| earlier == name);
            if !shown(line, name) && !again {
                out.key(&field_name(name))?;
                out.text(value);
            }
        }
        out.end();
    }
    out.end();
    Ok(())
}

/// Writes the value of a property; several (in a list) for those that hold lists.
fn value(line: &Line, role: Role, zones: &mut Zones, out: &mut BatchBuilder) -> Result<(), BuildError> {
    let zone = line.parameter("TZID");
    match role {
        Role::Time => time(&line.value, zone, zones, out),
        Role::Times => line.value.split(',').for_each(|text| time(text, zone, zones, out)),
        Role::Texts => list(&line.value).iter().for_each(|text| out.text(text)),
        Role::Number => match line.value.trim().parse() {
            Ok(int) => out.int(int),
            Err(_) => out.text(&line.value),
        },
        Role::Person => {
            out.begin_object();
            out.key("value")?;
            out.text(&unescape(&line.value));
            for (place, (name, value)) in line.parameters.iter().enumerate() {
                if name != "VALUE" && !line.parameters.iter().take(place).any(|(earlier, _)| earlier == name)
                {
                    out.key(&field_name(name))?;
                    out.text(value);
                }
            }
            out.end();
        }
        Role::Place => place(&line.value, out)?,
        Role::Text => out.text(&unescape(&line.value)),
    }
    Ok(())
}

/// What is no time stays text: `20260328T0730`, a period.
fn time(text: &str, zone: Option<&str>, zones: &mut Zones, out: &mut BatchBuilder) {
    match zones.time(text.trim(), zone) {
        Some(time) => out.time(time),
        None => out.text(text),
    }
}

/// `latitude;longitude` as a GeoJSON point.
fn place(text: &str, out: &mut BatchBuilder) -> Result<(), BuildError> {
    let pair = text.split_once(';').and_then(|(latitude, longitude)| {
        Some((longitude.trim().parse::<f64>().ok()?, latitude.trim().parse::<f64>().ok()?))
    });
    let Some((longitude, latitude)) = pair else {
        out.text(text);
        return Ok(());
    };
    out.begin_object();
    out.key("type")?;
    out.text("Point");
    out.key("coordinates")?;
    out.begin_list();
    out.float(longitude);
    out.float(latitude);
    out.end();
    out.end();
    Ok(())
}
