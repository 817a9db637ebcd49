//! Geometries of KML, gathered while their elements pass by, and written as GeoJSON.

use bus_core::{
    Message, msg,
    record::{BatchBuilder, BuildError},
};

/// One position: longitude, latitude and perhaps altitude, in the texts they have.
pub(super) type Position = Vec<String>;

/// A geometry.
#[derive(Debug, Clone)]
pub(super) enum Geometry {
    Point(Vec<Position>),
    Line(Vec<Position>),
    Polygon(Vec<Vec<Position>>),
    Several(Vec<Self>),
}

/// Geometries that are still open, outermost first.
#[derive(Debug, Default)]
pub(super) struct Open {
    stack: Vec<Geometry>,
    pub(super) done: Option<Geometry>,
}

impl Open {
    /// Whether the element begins a geometry.
    pub(super) fn open(&mut self, name: &str) -> bool {
        self.stack.push(match name {
            "Point" => Geometry::Point(Vec::new()),
            "LineString" | "LinearRing" | "Track" => Geometry::Line(Vec::new()),
            "Polygon" => Geometry::Polygon(Vec::new()),
            "MultiGeometry" | "MultiTrack" => Geometry::Several(Vec::new()),
            _ => return false,
        });
        true
    }

    pub(super) const fn is_open(&self) -> bool {
        !self.stack.is_empty()
    }

    /// Takes the positions of the innermost geometry.
    pub(super) fn positions(&mut self, positions: Vec<Position>) {
        if let Some(Geometry::Point(own) | Geometry::Line(own)) = self.stack.last_mut() {
            own.extend(positions);
        }
    }

    pub(super) fn close(&mut self) {
        let Some(closed) = self.stack.pop() else { return };
        match (self.stack.last_mut(), closed) {
            (Some(Geometry::Several(parts)), closed) => parts.push(closed),
            (Some(Geometry::Polygon(rings)), Geometry::Line(ring)) => rings.push(ring),
            (Some(_), _) => {}
            (None, closed) => self.done = Some(closed),
        }
    }

    pub(super) fn clear(&mut self) {
        self.stack.clear();
        self.done = None;
    }
}

/// Reads `lon,lat[,alt]` positions separated by white space.
pub(super) fn coordinates(text: &str) -> Result<Vec<Position>, Message> {
    text.split_ascii_whitespace().map(|position| position_of(position.split(','))).collect()
}

/// Reads the `lon lat alt` of a `gx:coord`.
pub(super) fn coord(text: &str) -> Result<Vec<Position>, Message> {
    Ok(vec![position_of(text.split_ascii_whitespace())?])
}

fn position_of<'t>(parts: impl Iterator<Item = &'t str>) -> Result<Position, Message> {
    let numbers: Vec<String> = parts.filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let good = |number: &String| number.parse::<f64>().is_ok_and(f64::is_finite);
    if !(2..=3).contains(&numbers.len()) || !numbers.iter().all(good) {
        return Err(msg!("`{text}` is not a position such as `2.35,48.85`", text = numbers.join(",")));
    }
    Ok(numbers)
}

impl Geometry {
    /// Writes the geometry as a GeoJSON object; null if it holds nothing.
    pub(super) fn write(&self, out: &mut BatchBuilder) -> Result<(), BuildError> {
        match self {
            Self::Point(positions) => match positions.first() {
                Some(position) => object("Point", "coordinates", out, |out| {
                    number_list(position, out);
                    Ok(())
                }),
                None => {
                    out.null();
                    Ok(())
                }
            },
            Self::Line(positions) => object("LineString", "coordinates", out, |out| {
                line(positions, out);
                Ok(())
            }),
            Self::Polygon(rings) => object("Polygon", "coordinates", out, |out| {
                out.begin_list();
                rings.iter().for_each(|ring| line(ring, out));
                out.end();
                Ok(())
            }),
            Self::Several(parts) => object("GeometryCollection", "geometries", out, |out| {
                out.begin_list();
                for part in parts {
                    part.write(out)?;
                }
                out.end();
                Ok(())
            }),
        }
    }
}

fn object(
    kind: &str,
    member: &str,
    out: &mut BatchBuilder,
    write: impl FnOnce(&mut BatchBuilder) -> Result<(), BuildError>,
) -> Result<(), BuildError> {
    out.begin_object();
    out.key("type")?;
    out.text(kind);
    out.key(member)?;
    write(out)?;
    out.end();
    Ok(())
}

fn line(positions: &[Position], out: &mut BatchBuilder) {
    out.begin_list();
    positions.iter().for_each(|position| number_list(position, out));
    out.end();
}

fn number_list(position: &[String], out: &mut BatchBuilder) {
    out.begin_list();
    for number in position {
        // the exact text where JSON can hold it, as `2.350`; else (`+2.35`, `.5`) the number
        let json = number.trim_start_matches('-');
        let exact = json.starts_with(|digit: char| digit.is_ascii_digit())
            && (!json.starts_with('0') || json.len() == 1 || json.starts_with("0."))
            && !json.ends_with('.')
            && !json.contains(['e', 'E'])
            && !json.contains(".e");
        match number.parse::<i64>() {
            Ok(int) => out.int(int),
            Err(_) if exact => out.decimal(number),
            Err(_) => out.float(number.parse().unwrap_or_default()),
        }
    }
    out.end();
}
