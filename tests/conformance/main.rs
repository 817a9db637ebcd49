//! Conformance suites: each prints its score and holds a floor that only rises.

mod fixtures_xml;
mod geojson;
mod json_test_suite;
mod jsonld;
mod jsonpath;
mod rdf;
mod senml;
mod table_schema;
mod units;
mod xml;
