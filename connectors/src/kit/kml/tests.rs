use crate::{
    contract::{Decoded, Limits},
    formats::FormatChoice,
};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn decode(text: &str, step: usize) -> (Vec<Json>, usize) {
    let mut decoder = FormatChoice::of_id("kml").unwrap().decoder(&Limits::default()).unwrap();
    let mut out = Decoded::default();
    for piece in text.as_bytes().chunks(step) {
        decoder.push(piece, &mut out).unwrap();
    }
    decoder.finish(&mut out).unwrap();
    let mut records = Vec::new();
    while let Some(batch) = out.next_batch() {
        records.extend(batch.records().map(|record| record.to_json()));
    }
    (records, out.take_rejected().len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn lines_keep_their_positions(
        points in prop::collection::vec((-180.0..180.0_f64, -90.0..90.0_f64), 2..9),
        name in "[a-zé ]{0,9}",
        step in 1..40_usize,
    ) {
        let text: String = points.iter().map(|(lon, lat)| format!("\n {lon},{lat},0")).collect();
        let document = format!(
            "<kml xmlns='http://www.opengis.net/kml/2.2'><Document><Folder><name>F</name><Placemark><name>{name}</name>\
             <LineString><coordinates>{text}</coordinates></LineString></Placemark></Folder></Document></kml>"
        );
        let (records, rejected) = decode(&document, step);
        prop_assert_eq!(rejected, 0);
        let coordinates: Vec<Json> = points.iter().map(|(lon, lat)| json!([lon, lat, 0])).collect();
        let expected = json!({ "name": name.trim(), "folder": "F", "geometry": { "type": "LineString", "coordinates": coordinates } });
        prop_assert_eq!(records, vec![expected]);
    }
}
