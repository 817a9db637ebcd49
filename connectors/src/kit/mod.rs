//! What connectors share.

pub mod http;
#[cfg(test)]
pub(crate) mod probe;
