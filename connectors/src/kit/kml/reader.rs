//! The decoder: one record a Placemark.

use super::geometry::{Geometry, Open, coord, coordinates};
use crate::{
    contract::{Decoded, Decoder, FormatError, Limits},
    kit::{
        typing,
        xml::{Handler, Parser, Scopes, Tag},
    },
};
use bus_core::{
    Message,
    error::Reject,
    msg,
    record::{BatchBuilder, BuildError, Timestamp},
};

/// Reads the placemarks of a KML document as records.
pub struct Reader {
    parser: Parser,
    state: State,
}

#[derive(Default)]
struct State {
    /// Local names of the open elements.
    path: Vec<String>,
    /// Names of the open folders and documents; `None` while not told.
    folders: Vec<Option<String>>,
    placemark: Option<Placemark>,
    text: String,
    most_fields: usize,
    longest: usize,
}

#[derive(Default)]
struct Placemark {
    depth: usize,
    id: Option<String>,
    fields: Vec<(String, String)>,
    data: Vec<(String, String)>,
    /// Name of the `Data` or `SimpleData` that is open.
    data_name: Option<String>,
    geometry: Open,
    several: Vec<Geometry>,
    problem: Option<Message>,
    size: usize,
}

impl Reader {
    /// A decoder of KML documents.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let state = State { most_fields: limits.fields, longest: limits.record_bytes, ..State::default() };
        Self { parser: Parser::new(limits), state }
    }
}

struct Run<'a> {
    state: &'a mut State,
    out: &'a mut Decoded,
}

impl Decoder for Reader {
    fn push(&mut self, bytes: &[u8], out: &mut Decoded) -> Result<(), FormatError> {
        let read = self.parser.push(bytes, &mut Run { state: &mut self.state, out });
        if read.is_err() {
            out.cut();
        }
        read
    }

    fn finish(&mut self, out: &mut Decoded) -> Result<(), FormatError> {
        let read = self.parser.finish(&mut Run { state: &mut self.state, out });
        out.cut();
        read
    }
}

/// Elements of a placemark whose text is a field of the record.
const TEXTS: [&str; 10] = [
    "name",
    "description",
    "address",
    "phoneNumber",
    "Snippet",
    "styleUrl",
    "visibility",
    "when",
    "begin",
    "end",
];

impl Handler for Run<'_> {
    fn open(&mut self, tag: Tag<'_>) -> Result<(), Message> {
        let state = &mut *self.state;
        let name = tag.local_name();
        state.text.clear();
        state.path.push(name.to_owned());
        let depth = state.path.len();
        match (&mut state.placemark, name) {
            (None, "Folder" | "Document") => state.folders.push(None),
            (None, "Placemark") => {
                let id = tag.attribute("id").map(str::to_owned);
                state.placemark = Some(Placemark { depth, id, ..Placemark::default() });
            }
            (Some(placemark), "Data" | "SimpleData") => {
                placemark.data_name = tag.attribute("name").map(str::to_owned);
            }
            (Some(placemark), _) => {
                placemark.geometry.open(name);
            }
            (None, _) => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Message> {
        self.state.text.push_str(text);
        Ok(())
    }

    fn close(&mut self, _: &str, _: &Scopes) -> Result<(), Message> {
        let state = &mut *self.state;
        let Some(name) = state.path.pop() else { return Ok(()) };
        let depth = state.path.len() + 1;
        let text = std::mem::take(&mut state.text);
        if state.placemark.as_ref().is_some_and(|placemark| placemark.depth == depth) {
            return self.end_placemark();
        }
        let parent = state.path.last().map_or("", String::as_str);
        match &mut state.placemark {
            Some(placemark) => placemark.close(&name, parent, depth, text, state.longest),
            None => {
                if matches!(name.as_str(), "Folder" | "Document") {
                    state.folders.pop();
                } else if name == "name"
                    && matches!(parent, "Folder" | "Document")
                    && let Some(folder) = state.folders.last_mut()
                {
                    *folder = Some(text.trim().to_owned());
                }
                Ok(())
            }
        }
    }
}

impl Placemark {
    fn close(
        &mut self,
        name: &str,
        parent: &str,
        depth: usize,
        text: String,
        longest: usize,
    ) -> Result<(), Message> {
        self.size += text.len();
        if self.size > longest {
            return Err(msg!(
                "a placemark is larger than {limit} bytes (limit `record_bytes`)",
                limit = longest
            ));
        }
        let direct = depth == self.depth + 1;
        match name {
            "coordinates" | "coord" if self.geometry.is_open() => {
                match if name == "coord" { coord(&text) } else { coordinates(&text) } {
                    Ok(positions) => self.geometry.positions(positions),
                    Err(message) => self.problem = self.problem.take().or(Some(message)),
                }
            }
            "Point" | "LineString" | "LinearRing" | "Polygon" | "MultiGeometry" | "Track" | "MultiTrack" => {
                self.geometry.close();
                self.several.extend(self.geometry.done.take());
            }
            "value" if parent == "Data" => self.datum(text),
            "SimpleData" => self.datum(text),
            _ if TEXTS.contains(&name) && (direct || matches!(parent, "TimeStamp" | "TimeSpan")) => {
                self.fields.push((name.to_owned(), text.trim().to_owned()));
            }
            _ => {}
        }
        Ok(())
    }

    fn datum(&mut self, text: String) {
        if let Some(name) = self.data_name.take() {
            self.data.push((name, text));
        }
    }

    /// Writes the record: the placemark's own fields, its data, its folder, its geometry.
    fn write(&self, folder: &str, out: &mut BatchBuilder) -> Result<(), BuildError> {
        let mut taken: Vec<&str> = vec!["geometry"];
        out.begin_object();
        if let Some(id) = &self.id {
            field("id", id, &mut taken, out)?;
        }
        for (name, text) in &self.fields {
            if taken.contains(&name.as_str()) {
                continue;
            }
            taken.push(name);
            out.key(name)?;
            match Timestamp::parse(text).filter(|_| matches!(name.as_str(), "when" | "begin" | "end")) {
                Some(time) => out.time(time),
                None => out.text(text),
            }
        }
        if !folder.is_empty() {
            field("folder", folder, &mut taken, out)?;
        }
        for (name, text) in &self.data {
            // a datum called like a field of the placemark stands beside it
            let key = if taken.contains(&name.as_str()) { &format!("data.{name}") } else { name };
            match out.key(key) {
                Ok(()) if typing::is_code(name) => out.text(text),
                Ok(()) => typing::write(text, out),
                // the second of two data of one name
                Err(BuildError::DuplicateKey(_)) => {}
                Err(error) => return Err(error),
            }
        }
        out.key("geometry")?;
        match self.several.as_slice() {
            [] => out.null(),
            [one] => one.write(out)?,
            several => Geometry::Several(several.to_vec()).write(out)?,
        }
        out.end();
        Ok(())
    }
}

fn field<'k>(
    name: &'k str,
    text: &str,
    taken: &mut Vec<&'k str>,
    out: &mut BatchBuilder,
) -> Result<(), BuildError> {
    taken.push(name);
    out.key(name)?;
    out.text(text);
    Ok(())
}

impl Run<'_> {
    fn end_placemark(&mut self) -> Result<(), Message> {
        let Some(mut placemark) = self.state.placemark.take() else { return Ok(()) };
        placemark.geometry.clear();
        if placemark.data.len() > self.state.most_fields {
            return Err(msg!(
                "an element holds elements of more than {limit} names (limit `fields`)",
                limit = self.state.most_fields
            ));
        }
        let name = || placemark.fields.iter().find(|(key, _)| key == "name").map(|(_, text)| text.clone());
        if let Some(message) = &placemark.problem {
            self.out.reject(name(), Reject::field("geometry", message.clone()));
            return Ok(());
        }
        let folders: Vec<&str> = self.state.folders.iter().flatten().map(String::as_str).collect();
        let written = placemark.write(&folders.join(" / "), self.out.builder());
        if let Err(error) = written {
            self.out.reject(name(), Reject::new(msg!("{problem}", problem = error.to_string())));
            return Ok(());
        }
        self.out.end_record();
        Ok(())
    }
}
