//! What connectors share.

pub mod http;
