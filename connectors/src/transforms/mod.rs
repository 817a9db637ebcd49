//! Transforms: what changes records. One file each.

include!(concat!(env!("OUT_DIR"), "/transforms.rs"));
