//! Where a record without geometry stands: longitude and latitude in its fields.

use bus_core::{
    path::FieldPath,
    record::{Object, Slot, Value},
};

/// Fields that usually hold a latitude, and the longitude that goes with it.
const PAIRS: [(&str, &str); 14] = [
    ("latitude", "longitude"),
    ("lat", "lon"),
    ("lat", "lng"),
    ("lat", "long"),
    ("Latitude", "Longitude"),
    ("LATITUDE", "LONGITUDE"),
    ("Lat", "Lon"),
    ("Lat", "Lng"),
    ("LAT", "LON"),
    ("consolidated_latitude", "consolidated_longitude"),
    ("ylatitude", "xlongitude"),
    ("geo:lat", "geo:long"),
    ("y", "x"),
    ("Y", "X"),
];

/// Fields that usually hold both; whether the longitude comes first.
const BOTH: [(&str, bool); 6] = [
    ("coordonneesXY", true),
    ("coordonneesxy", true),
    ("geo_point_2d", false),
    ("geo_point", false),
    ("geopoint", false),
    ("coordinates", true),
];

/// Finds the position of records, by the named fields or by the usual ones.
#[derive(Debug)]
pub struct Places {
    named: Option<(FieldPath, FieldPath)>,
    pairs: Vec<(Slot, Slot)>,
    both: Vec<(Slot, bool)>,
}

/// Longitude and latitude.
pub(super) type Position = (f64, f64);

impl Places {
    /// Places by these fields for latitude and longitude; without both, by the usual ones.
    #[must_use]
    pub fn new(latitude: Option<FieldPath>, longitude: Option<FieldPath>) -> Self {
        Self {
            named: latitude.zip(longitude),
            pairs: PAIRS.iter().map(|(lat, lon)| (Slot::new(*lat), Slot::new(*lon))).collect(),
            both: BOTH.iter().map(|(name, first)| (Slot::new(*name), *first)).collect(),
        }
    }

    /// Where the record stands; an error if its fields say something that is no place on Earth.
    pub(super) fn of(&mut self, record: Object<'_>) -> Result<Option<Position>, ()> {
        if let Some((latitude, longitude)) = &self.named {
            let value = Value::Object(record);
            return position(longitude.get(value), latitude.get(value));
        }
        for (latitude, longitude) in &mut self.pairs {
            let pair = (longitude.get(record), latitude.get(record));
            if let (Some(_), Some(_)) = pair {
                return position(pair.0, pair.1);
            }
        }
        for (slot, longitude_first) in &mut self.both {
            if let Some(value) = slot.get(record) {
                return both(value, *longitude_first);
            }
        }
        Ok(None)
    }
}

fn position(longitude: Option<Value<'_>>, latitude: Option<Value<'_>>) -> Result<Option<Position>, ()> {
    let (Some(longitude), Some(latitude)) = (longitude, latitude) else { return Ok(None) };
    if is_nothing(longitude) || is_nothing(latitude) {
        return Ok(None);
    }
    match (number(longitude), number(latitude)) {
        (Some(longitude), Some(latitude)) => on_earth(longitude, latitude),
        _ => Err(()),
    }
}

fn is_nothing(value: Value<'_>) -> bool {
    value.is_null() || value.as_text().is_some_and(|text| text.trim().is_empty())
}

fn on_earth(longitude: f64, latitude: f64) -> Result<Option<Position>, ()> {
    if longitude.abs() <= 180.0 && latitude.abs() <= 90.0 { Ok(Some((longitude, latitude))) } else { Err(()) }
}

fn number(value: Value<'_>) -> Option<f64> {
    let read = match value {
        Value::Text(text) => text.trim().replace(',', ".").parse().ok(),
        _ => value.as_f64(),
    };
    read.filter(|number: &f64| number.is_finite())
}

/// `[2.35, 48.85]`, `"[2.35, 48.85]"`, `"48.85, 2.35"`, `{ "lon": 2.35, "lat": 48.85 }`.
fn both(value: Value<'_>, longitude_first: bool) -> Result<Option<Position>, ()> {
    let order = |first: f64, second: f64| {
        if longitude_first { on_earth(first, second) } else { on_earth(second, first) }
    };
    match value {
        Value::Object(object) => {
            let longitude = ["lon", "lng", "longitude"].iter().find_map(|name| object.get(name));
            let latitude = ["lat", "latitude"].iter().find_map(|name| object.get(name));
            position(longitude, latitude)
        }
        Value::List(list) => match (list.get(0).and_then(number), list.get(1).and_then(number)) {
            (Some(first), Some(second)) => order(first, second),
            _ => Err(()),
        },
        Value::Text(text) if text.trim().is_empty() => Ok(None),
        Value::Text(text) => {
            let inside = text.trim().trim_start_matches('[').trim_end_matches(']');
            let separator = if inside.contains(';') { ';' } else { ',' };
            let mut parts = inside.split(separator).map(|part| part.trim().parse::<f64>());
            match (parts.next(), parts.next(), parts.next()) {
                (Some(Ok(first)), Some(Ok(second)), None) => order(first, second),
                _ => Err(()),
            }
        }
        Value::Null => Ok(None),
        _ => Err(()),
    }
}
