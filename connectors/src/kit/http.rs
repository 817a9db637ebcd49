//! Outbound HTTP: one guarded client for all connectors.

/// The guarded HTTP client.
#[derive(Debug, Clone, Default)]
pub struct Http;
