//! KML, in: <https://www.ogc.org/standard/kml/>.

use crate::{
    contract::{Codec, Decoder, Encoder, Format, Limits},
    kit::kml::Reader,
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format::new("kml")
    .with_extensions(&["kml"])
    .with_media_types(&["application/vnd.google-earth.kml+xml"])
    .sniffed_by(looks_like_kml);

/// # KML
///
/// Placemarks of Google Earth and My Maps (read only, also in KMZ), each a record: name, description, extended data, the
/// folders it is in (`folder`), and its geometry as a GeoJSON object in `geometry`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {}

impl Codec for Settings {
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>> {
        Some(Box::new(Reader::new(limits)))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        None
    }
}

fn looks_like_kml(start: &[u8]) -> u8 {
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
    let start = start.get(..1_024).unwrap_or(start);
    if start.starts_with(b"<") && memchr::memmem::find(start, b"<kml").is_some() { 90 } else { 0 }
}
