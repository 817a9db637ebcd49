//! SenML (RFC 8428) in its three forms: records are resolved when read and get base fields when written.
//!
//! Each form turns its bytes into objects with the labels of RFC 8428 and back; what these mean is said
//! once, here.

mod cbor;
mod context;
mod exact;
mod order;
mod pack;
mod resolve;
mod settings;
mod unresolve;
mod xml;

pub(crate) use cbor::{CborReader, CborWriter};
pub(crate) use context::unit_iri;
pub use context::{OBSERVATION, context, is_senml};
pub(crate) use pack::{JsonReader, JsonWriter};
pub(crate) use settings::Reading;
pub use settings::{Now, Order};
pub(crate) use unresolve::PackEncoder;
pub(crate) use xml::{XmlReader, XmlWriter};

/// The labels of RFC 8428, table 1, and their numbers in CBOR (table 4).
pub(crate) const LABELS: [(&str, i64); 15] = [
    ("bver", -1),
    ("bn", -2),
    ("bt", -3),
    ("bu", -4),
    ("bv", -5),
    ("bs", -6),
    ("n", 0),
    ("u", 1),
    ("v", 2),
    ("vs", 3),
    ("vb", 4),
    ("s", 5),
    ("t", 6),
    ("ut", 7),
    ("vd", 8),
];
