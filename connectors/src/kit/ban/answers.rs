//! Answers as the service gives them. Columns and members go by their names: their order and number differ from one
//! version of the service to the next.

use super::Place;
use bus_core::{error::StepError, msg};
use csv_core::{ReadRecordResult, Reader};
use serde_json::Value as Json;

/// The members kept of an answer, by their names in JSON and in CSV (without `result_`).
const DETAILS: [&str; 13] = [
    "label",
    "type",
    "id",
    "housenumber",
    "name",
    "street",
    "postcode",
    "city",
    "district",
    "citycode",
    "oldcitycode",
    "oldcity",
    "context",
];

/// The places of a GeoJSON answer, best first.
pub(super) fn from_json(bytes: &[u8]) -> Result<Vec<Place>, StepError> {
    let answer: Json = serde_json::from_slice(bytes).map_err(|error| {
        StepError::remote(msg!("the geocoder's answer is no JSON: {problem}", problem = error.to_string()))
    })?;
    let features = answer.get("features").and_then(Json::as_array).ok_or_else(|| {
        StepError::remote(msg!("the geocoder's answer has no list `features`; check its address"))
    })?;
    Ok(features.iter().filter_map(place_of_feature).collect())
}

fn place_of_feature(feature: &Json) -> Option<Place> {
    let coordinates = feature.get("geometry")?.get("coordinates")?.as_array()?;
    let properties = feature.get("properties")?;
    let details = DETAILS.iter().filter_map(|name| match properties.get(name)? {
        Json::String(text) if !text.is_empty() => Some((*name, text.clone())),
        Json::Number(number) => Some((*name, number.to_string())),
        _ => None,
    });
    Some(Place {
        longitude: coordinates.first()?.as_number()?.to_string(),
        latitude: coordinates.get(1)?.as_number()?.to_string(),
        score: properties.get("score").and_then(Json::as_f64).unwrap_or(0.0),
        distance: properties.get("distance").and_then(Json::as_f64),
        details: details.collect(),
    })
}

/// The places of a CSV answer, by the numbers of the rows asked for.
pub(super) fn from_csv(bytes: &[u8], rows: usize) -> Result<Vec<Vec<Place>>, StepError> {
    let mut found: Vec<Vec<Place>> = vec![Vec::new(); rows];
    let mut table = table(bytes).into_iter();
    let header = table.next().unwrap_or_default();
    let column = |names: &[&str]| names.iter().find_map(|name| header.iter().position(|cell| cell == name));
    let columns = Columns {
        row: column(&["row"]),
        longitude: column(&["result_longitude", "longitude", "lon"]),
        latitude: column(&["result_latitude", "latitude", "lat"]),
        score: column(&["result_score"]),
        distance: column(&["result_distance"]),
        status: column(&["result_status"]),
        details: DETAILS
            .iter()
            .filter_map(|name| Some((*name, column(&[&format!("result_{name}")])?)))
            .collect(),
    };
    if columns.row.is_none() || columns.latitude.is_none() || columns.longitude.is_none() {
        return Err(StepError::remote(msg!(
            "the geocoder's answer lacks the columns `row`, `longitude` and `latitude`; check its address"
        )));
    }
    for cells in table {
        let Some(row) = columns.cell(&cells, columns.row).and_then(|row| row.parse::<usize>().ok()) else {
            continue;
        };
        if let (Some(places), Some(place)) = (found.get_mut(row), columns.place(&cells)) {
            places.push(place);
        }
    }
    Ok(found)
}

/// Where the columns of an answer stand.
struct Columns {
    row: Option<usize>,
    longitude: Option<usize>,
    latitude: Option<usize>,
    score: Option<usize>,
    distance: Option<usize>,
    status: Option<usize>,
    details: Vec<(&'static str, usize)>,
}

impl Columns {
    fn cell<'a>(&self, cells: &'a [String], column: Option<usize>) -> Option<&'a str> {
        cells.get(column?).map(String::as_str).filter(|cell| !cell.is_empty())
    }

    fn place(&self, cells: &[String]) -> Option<Place> {
        let status = self.cell(cells, self.status);
        // a reverse answer repeats the place asked for: only the label says that something was found
        let labelled = self.details.iter().any(|(_, column)| self.cell(cells, Some(*column)).is_some());
        if status.is_some_and(|status| status != "ok") || !labelled {
            return None;
        }
        let number = |column| self.cell(cells, column).and_then(|cell| cell.parse().ok());
        let details = self.details.iter();
        Some(Place {
            longitude: self.cell(cells, self.longitude)?.to_owned(),
            latitude: self.cell(cells, self.latitude)?.to_owned(),
            score: number(self.score).unwrap_or(0.0),
            distance: number(self.distance),
            details: details
                .filter_map(|(name, column)| Some((*name, self.cell(cells, Some(*column))?.to_owned())))
                .collect(),
        })
    }
}

/// The rows of a CSV text.
fn table(mut bytes: &[u8]) -> Vec<Vec<String>> {
    bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = Reader::new();
    let (mut text, mut ends) = (vec![0; bytes.len() + 1], vec![0; 512]);
    let (mut written, mut ended) = (0, 0);
    let mut rows = Vec::new();
    loop {
        let (Some(free), Some(free_ends)) = (text.get_mut(written..), ends.get_mut(ended..)) else {
            return rows;
        };
        let (result, read, wrote, fields) = reader.read_record(bytes, free, free_ends);
        bytes = bytes.get(read..).unwrap_or_default();
        written += wrote;
        ended += fields;
        match result {
            // after the last byte the reader is asked once more, with nothing
            ReadRecordResult::InputEmpty => {}
            ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull | ReadRecordResult::End => {
                return rows;
            }
            ReadRecordResult::Record => {
                let mut from = 0;
                let cells = ends.iter().take(ended).map(|end| {
                    let cell = text.get(from..*end).unwrap_or_default();
                    from = *end;
                    String::from_utf8_lossy(cell).into_owned()
                });
                rows.push(cells.collect());
                (written, ended) = (0, 0);
            }
        }
    }
}
