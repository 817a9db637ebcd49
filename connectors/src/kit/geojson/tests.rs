use super::outline::{Outline, outline};
use crate::{
    contract::{Decoded, Limits},
    formats::FormatChoice,
};
use bus_core::loss::LossReport;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

/// The document after a way through records, its bytes cut to pieces of `step`.
fn through(document: &Json, step: usize) -> Json {
    let format = FormatChoice::of_id("geojson").unwrap();
    let (mut decoder, mut encoder) = (format.decoder(&Limits::default()).unwrap(), format.encoder().unwrap());
    let (mut out, mut written, mut losses) = (Decoded::default(), Vec::new(), LossReport::default());
    for piece in document.to_string().as_bytes().chunks(step) {
        decoder.push(piece, &mut out).unwrap();
    }
    decoder.finish(&mut out).unwrap();
    assert!(out.take_rejected().is_empty());
    while let Some(batch) = out.next_batch() {
        encoder.encode(&batch, &mut written, &mut losses).unwrap();
    }
    encoder.finish(&mut written, &mut losses).unwrap();
    assert!(losses.is_empty());
    serde_json::from_slice(&written).unwrap()
}

fn position() -> impl Strategy<Value = Json> {
    (-180_000..180_000_i32, -90_000..90_000_i32, any::<bool>()).prop_map(|(lon, lat, high)| {
        let (lon, lat) = (f64::from(lon) / 1_000.0, f64::from(lat) / 1_000.0);
        if high { json!([lon, lat, 12]) } else { json!([lon, lat]) }
    })
}

fn geometry() -> impl Strategy<Value = Json> {
    let simple = prop_oneof![
        position().prop_map(|at| json!({ "type": "Point", "coordinates": at })),
        prop::collection::vec(position(), 2..5)
            .prop_map(|line| json!({ "type": "LineString", "coordinates": line })),
        prop::collection::vec(position(), 0..3)
            .prop_map(|many| json!({ "type": "MultiPoint", "coordinates": many })),
        prop::collection::vec(position(), 3..5).prop_map(|mut ring| {
            ring.push(ring[0].clone());
            json!({ "type": "Polygon", "coordinates": [ring], "bbox": [1, 2, 3, 4] })
        }),
    ];
    let parts = prop::collection::vec(simple, 1..3);
    prop_oneof![
        3 => parts.clone().prop_map(|parts| parts[0].clone()),
        1 => parts.prop_map(|parts| json!({ "type": "GeometryCollection", "geometries": parts })),
        1 => Just(Json::Null),
    ]
}

fn feature() -> impl Strategy<Value = Json> {
    let name =
        prop::sample::select(vec!["nom", "id", "geometry", "feature", "properties", "bbox", "type", "é"]);
    let value = prop_oneof![
        any::<i32>().prop_map(Json::from),
        "[a-z\"é]{0,5}".prop_map(Json::from),
        Just(json!([1, { "a": null }]))
    ];
    let properties = prop::collection::hash_map(name, value, 0..5);
    (geometry(), properties, any::<bool>(), any::<bool>()).prop_map(|(geometry, properties, id, more)| {
        let mut feature = json!({ "type": "Feature", "geometry": geometry, "properties": properties });
        if id {
            feature["id"] = json!("n/1");
        }
        if more {
            feature["bbox"] = json!([1.5, 2, 3, 4]);
            feature["titre"] = json!({ "x": 1 });
        }
        feature
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn collections_survive(features in prop::collection::vec(feature(), 0..5), step in 1..60_usize) {
        let document = json!({ "type": "FeatureCollection", "features": features });
        prop_assert_eq!(through(&document, step), document);
    }

    #[test]
    fn the_outline_never_changes_its_mind(bytes in prop::collection::vec(prop::sample::select(b"{}[]\":,\\ftx 1".to_vec()), 0..40)) {
        let whole = outline(&bytes, true);
        for end in 0..bytes.len() {
            if let Some(early) = outline(&bytes[..end], false) {
                prop_assert_eq!(Some(early), whole);
            }
        }
    }
}

#[test]
fn a_collection_is_known_by_its_first_keys() {
    assert_eq!(
        outline(b"{ \"name\": [{\"features\": 1}], \"features\": [", false),
        Some(Outline::Collection)
    );
    assert_eq!(outline(b"{\"bbox\":[1,2],\"type\":\"Feature\"", false), Some(Outline::Other));
    assert_eq!(outline(b"{\"name\":\"a", false), None);
    assert_eq!(outline(b"[{", false), Some(Outline::Other));
}
