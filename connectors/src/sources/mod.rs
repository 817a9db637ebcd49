//! Sources: what brings records in. One file each.

include!(concat!(env!("OUT_DIR"), "/sources.rs"));
