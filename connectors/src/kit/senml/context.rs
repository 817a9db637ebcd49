use bus_core::units;
use serde_json::{Map, Value as Json, json};
use std::sync::{Arc, LazyLock};

/// The class of a SenML record as RDF.
pub const OBSERVATION: &str = "http://www.w3.org/ns/sosa/Observation";

/// What tells the context of SenML: the IRI of its term `senml`.
const NAMESPACE: &str = "urn:ietf:params:xml:ns:senml#";

static CONTEXT: LazyLock<Arc<Json>> = LazyLock::new(|| Arc::new(made()));

/// The context of resolved SenML records: observations of SOSA, units of QUDT.
///
/// What a context cannot say, the writers of RDF add: a record is a `sosa:Observation`, and units with a
/// slash in their code have their QUDT name too.
#[must_use]
pub fn context() -> Arc<Json> {
    Arc::clone(&CONTEXT)
}

/// Whether records of this context are SenML.
#[must_use]
pub fn is_senml(context: &Json) -> bool {
    match context {
        Json::Array(parts) => parts.iter().any(is_senml),
        context => context.get("senml").is_some_and(|iri| iri == NAMESPACE),
    }
}

/// The IRI in QUDT of a unit of SenML.
pub(crate) fn unit_iri(code: &str) -> Option<String> {
    units::known().iter().find(|known| known.senml() == Some(code))?.qudt_iri()
}

fn made() -> Json {
    let mut terms = Map::new();
    // codes that could be taken for an IRI or a path are no terms
    for known in units::known().iter().filter_map(|known| Some((known.senml()?, known.qudt_iri()?))) {
        if !known.0.contains(['/', ':', '@']) {
            terms.insert(known.0.to_owned(), known.1.into());
        }
    }
    let own = json!({
        "@base": "urn:x-senml:/",
        "senml": NAMESPACE,
        "sosa": "http://www.w3.org/ns/sosa/",
        "qudt": "http://qudt.org/schema/qudt/",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "name": { "@id": "sosa:madeBySensor", "@type": "@id" },
        "time": { "@id": "sosa:resultTime", "@type": "xsd:dateTime" },
        "unit": { "@id": "qudt:hasUnit", "@type": "@vocab" },
        "value": "sosa:hasSimpleResult",
        "string": "sosa:hasSimpleResult",
        "bool": "sosa:hasSimpleResult",
        "data": { "@id": "sosa:hasSimpleResult", "@type": "xsd:base64Binary" },
        "sum": "senml:s",
        "update": "senml:ut",
        "version": "senml:bver",
    });
    if let Json::Object(own) = own {
        terms.extend(own);
    }
    Json::Object(terms)
}
