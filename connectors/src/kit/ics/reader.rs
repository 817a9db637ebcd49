//! The decoder: lines, components, records.

use super::{
    line::{Line, unescape},
    record::Component,
    zones::{Observance, Zones},
};
use crate::contract::{Decoded, Decoder, FormatError, Limits};
use bus_core::{error::Reject, msg};
use encoding_rs::WINDOWS_1252;
use std::mem;

/// Reads the events, tasks, journals and busy times of calendars as records.
pub struct Reader {
    /// The unfolded line so far; the next byte tells whether it goes on.
    line: Vec<u8>,
    /// Whether a line end was read, so that a space now goes on with the line.
    ended: bool,
    /// Lines read, and where the unfolded one began.
    number: u64,
    began: u64,
    open: Vec<String>,
    component: Option<Component>,
    size: usize,
    zone: Option<String>,
    observances: Vec<Observance>,
    observance: Vec<Line>,
    calendar: Option<String>,
    zones: Zones,
    any: bool,
    longest: usize,
    most_fields: usize,
}

impl Reader {
    /// A decoder of calendars.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            line: Vec::new(),
            ended: false,
            number: 1,
            began: 1,
            open: Vec::new(),
            component: None,
            size: 0,
            zone: None,
            observances: Vec::new(),
            observance: Vec::new(),
            calendar: None,
            zones: Zones::default(),
            any: false,
            longest: limits.record_bytes,
            most_fields: limits.fields,
        }
    }

    fn end_line(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        let bytes = mem::take(&mut self.line);
        let began = mem::replace(&mut self.began, self.number);
        let text = match str::from_utf8(&bytes) {
            Ok(text) => text.into(),
            Err(_) => WINDOWS_1252.decode_without_bom_handling(&bytes).0,
        };
        let text = text.trim_start_matches('\u{FEFF}').trim_end_matches('\r');
        if text.trim().is_empty() {
            return Ok(());
        }
        match Line::parse(text) {
            Ok(line) => self.property(line, began, out),
            Err(message) if self.open.is_empty() => Err(FormatError::at(began, 1, message)),
            Err(message) => {
                out.reject(Some(text.to_owned()), Reject::new(message).at(began, 1));
                Ok(())
            }
        }
    }

    fn property(&mut self, line: Line, number: u64, out: &mut Decoded) -> Result<(), FormatError> {
        match line.name.as_str() {
            "BEGIN" => {
                self.begin(line.value.trim().to_ascii_uppercase());
                Ok(())
            }
            "END" => self.end(&line.value.trim().to_ascii_uppercase(), number, out),
            _ => self.inside(line, number),
        }
    }

    fn begin(&mut self, name: String) {
        self.any = true;
        let outer = self.open.len() <= 1;
        match (name.as_str(), &mut self.component) {
            ("VEVENT" | "VTODO" | "VJOURNAL" | "VFREEBUSY", None) if outer => {
                self.size = 0;
                self.component = Some(Component { name: name.clone(), ..Component::default() });
            }
            ("VALARM", Some(component)) => component.alarms.push(Vec::new()),
            ("VTIMEZONE", None) => self.observances.clear(),
            ("STANDARD" | "DAYLIGHT", None) => self.observance.clear(),
            _ => {}
        }
        self.open.push(name);
    }

    fn inside(&mut self, line: Line, number: u64) -> Result<(), FormatError> {
        let within = self.open.last().map_or("", String::as_str);
        if let Some(component) = &mut self.component {
            self.size += line.value.len();
            if self.size > self.longest || component.lines.len() > self.most_fields {
                let message = msg!(
                    "this record is longer than {most} bytes (limit `record_bytes`)",
                    most = self.longest
                );
                return Err(FormatError::at(number, 1, message));
            }
            if within == component.name {
                component.lines.push(line);
            } else if let Some(alarm) = component.alarms.last_mut().filter(|_| within == "VALARM") {
                alarm.push(line);
            }
            return Ok(());
        }
        match (within, line.name.as_str()) {
            ("VTIMEZONE", "TZID") => self.zone = Some(line.value),
            ("STANDARD" | "DAYLIGHT", _) if self.observance.len() < self.most_fields => {
                self.observance.push(line);
            }
            ("VCALENDAR", "X-WR-CALNAME" | "NAME") => self.calendar = Some(unescape(&line.value)),
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str, number: u64, out: &mut Decoded) -> Result<(), FormatError> {
        let Some(open) = self.open.pop() else {
            return Err(FormatError::at(number, 1, msg!("`END:{name}` closes nothing", name = name)));
        };
        if open != name {
            let message = msg!("`END:{name}` does not close `BEGIN:{open}`", name = name, open = open);
            return Err(FormatError::at(number, 1, message));
        }
        match name {
            "STANDARD" | "DAYLIGHT" if self.observances.len() < self.most_fields => {
                self.observances.push(Observance::new(&self.observance, name == "DAYLIGHT"));
            }
            "VTIMEZONE" => {
                if let Some(zone) = self.zone.take() {
                    self.zones.add(zone, mem::take(&mut self.observances));
                }
            }
            "VCALENDAR" => self.calendar = None,
            _ => {}
        }
        if self.component.as_ref().is_none_or(|component| component.name != name) {
            return Ok(());
        }
        let Some(component) = self.component.take() else { return Ok(()) };
        match component.write(self.calendar.as_deref(), &mut self.zones, out.builder()) {
            Ok(()) => out.end_record(),
            Err(error) => {
                out.reject(None, Reject::new(msg!("{problem}", problem = error.to_string())).at(number, 1));
            }
        }
        Ok(())
    }
}

impl Decoder for Reader {
    fn push(&mut self, bytes: &[u8], out: &mut Decoded) -> Result<(), FormatError> {
        let mut rest = bytes;
        while let Some(first) = rest.first() {
            if mem::take(&mut self.ended) {
                if matches!(first, b' ' | b'\t') {
                    if self.line.last() == Some(&b'\r') {
                        self.line.pop();
                    }
                    rest = rest.get(1..).unwrap_or_default();
                } else {
                    self.end_line(out).inspect_err(|_| out.cut())?;
                }
                continue;
            }
            let end = memchr::memchr(b'\n', rest);
            self.line.extend_from_slice(rest.get(..end.unwrap_or(rest.len())).unwrap_or_default());
            if self.line.len() > self.longest {
                let message = msg!(
                    "this record is longer than {most} bytes (limit `record_bytes`)",
                    most = self.longest
                );
                return Err(FormatError::at(self.began, 1, message));
            }
            let Some(end) = end else { break };
            self.number += 1;
            self.ended = true;
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        let ended = self.end_line(out);
        out.cut();
        ended?;
        match self.open.last() {
            Some(open) => Err(FormatError::at(
                self.number,
                1,
                msg!("the document ends before `END:{name}`", name = open),
            )),
            None if !self.any => {
                Err(FormatError::at(1, 1, msg!("this is no calendar: `BEGIN:VCALENDAR` is missing")))
            }
            None => Ok(()),
        }
    }
}
