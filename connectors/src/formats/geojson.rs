//! GeoJSON: <https://www.rfc-editor.org/rfc/rfc7946>.

use crate::{
    contract::{Codec, Decoder, Encoder, Format, Limits},
    kit::geojson::{Kind, Places, Reader, Writer, Writing},
};
use bus_core::path::FieldPath;
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) static FORMAT: Format = Format::new("geojson")
    .with_extensions(&["geojson"])
    .with_media_types(&["application/geo+json", "application/vnd.geo+json"])
    .sniffed_by(looks_like_geojson);

/// # GeoJSON
///
/// Features (RFC 7946), each a record of its properties with the geometry in `geometry`; what else a
/// feature has (`id`, `bbox`, other members) is in `feature`. Records without geometry are placed by their
/// latitude and longitude.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// # Geometry field
    ///
    /// When writing, the field that holds the geometry (`geometry` by default), as an object or its JSON text.
    geometry: FieldPath,
    /// # Latitude
    ///
    /// When writing records without geometry, the field with the latitude in degrees. Empty: the usual names
    /// (`latitude`, `lat`, `y`, `coordonneesXY`, `geo_point_2d`, …) are tried.
    latitude: Option<FieldPath>,
    /// # Longitude
    ///
    /// When writing records without geometry, the field with the longitude in degrees.
    longitude: Option<FieldPath>,
    /// # Most decimals
    ///
    /// When writing, coordinates are rounded to this many decimals; 7 are about a centimetre. Empty: as
    /// they are.
    #[schemars(extend("examples" = [7]))]
    decimals: Option<u8>,
    /// # Strict
    ///
    /// When reading, refuses features with a ring that is not closed or runs the wrong way.
    strict: bool,
    /// # Document
    ///
    /// When writing, what document is made.
    document: Document,
    /// # Members of the collection
    ///
    /// When writing a collection, a JSON object of further members, such as its name, bbox or attribution.
    #[schemars(extend("x-form" = "code"))]
    members: serde_json::Map<String, serde_json::Value>,
}

/// What document is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Document {
    /// A collection of features
    Collection,
    /// One feature
    Feature,
    /// One geometry
    Geometry,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            geometry: FieldPath::of_key("geometry"),
            latitude: None,
            longitude: None,
            decimals: None,
            strict: false,
            document: Document::Collection,
            members: serde_json::Map::new(),
        }
    }
}

impl Codec for Settings {
    fn decoder(&self, limits: &Limits) -> Option<Box<dyn Decoder>> {
        Some(Box::new(Reader::new(self.strict, limits)))
    }

    fn encoder(&self) -> Option<Box<dyn Encoder>> {
        Some(Box::new(Writer::new(Writing {
            kind: match self.document {
                Document::Collection => Kind::Collection,
                Document::Feature => Kind::Feature,
                Document::Geometry => Kind::Geometry,
            },
            geometry: self.geometry.clone(),
            places: Places::new(self.latitude.clone(), self.longitude.clone()),
            decimals: self.decimals.map(usize::from),
            members: self.members.clone(),
        })))
    }
}

/// The types that only GeoJSON has, near the start of an object.
fn looks_like_geojson(start: &[u8]) -> u8 {
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
    if start.first() != Some(&b'{') {
        return 0;
    }
    let start: Vec<u8> =
        start.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).take(1_024).collect();
    let holds = |text: &str| memchr::memmem::find(&start, text.as_bytes()).is_some();
    if holds("\"type\":\"FeatureCollection\"") || (holds("\"type\":\"Feature\"") && holds("\"geometry\"")) {
        90
    } else if holds("\"coordinates\":[") && start.starts_with(b"{\"type\":\"") {
        70
    } else {
        0
    }
}
