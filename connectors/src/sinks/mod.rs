//! Sinks: what takes records out. One file each.

include!(concat!(env!("OUT_DIR"), "/sinks.rs"));
