use bus_core::limits::Limited;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the bus takes from outside before it says no. Every decoder and step honours them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Longest record, in bytes of the input (a CSV line, a JSON item, an XML item).
    pub record_bytes: usize,
    /// Deepest nesting of lists, objects and elements.
    pub depth: usize,
    /// Most fields in one object, columns in one table, attributes of one element.
    pub fields: usize,
    /// Most bytes of a document that can only be read whole (XLSX, ODS, zip, JSON-LD).
    pub document_bytes: usize,
    /// How many times its size compressed input may grow to.
    pub expansion_ratio: u64,
    /// Memory one step may hold before it spills to disk, in bytes.
    pub step_memory: usize,
    /// Bytes one step may spill to disk.
    pub spill_bytes: u64,
    /// Steps of work one expression may take on one record.
    pub expression_fuel: u64,
    /// Bytes one download may bring.
    pub download_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            record_bytes: 16 << 20,
            depth: 128,
            fields: 10_000,
            document_bytes: 64 << 20,
            expansion_ratio: 200,
            step_memory: 32 << 20,
            spill_bytes: 16 << 30,
            expression_fuel: 100_000,
            download_bytes: 16 << 30,
        }
    }
}

impl Limited for Limits {}
