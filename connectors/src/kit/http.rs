//! Outbound HTTP: one guarded client for all connectors.

use std::sync::Arc;

/// What the guarded client may do.
#[derive(Debug, Clone, Default)]
pub struct HttpOptions {
    /// Whether addresses of this machine and of private networks may be called.
    pub allow_private: bool,
}

/// The guarded HTTP client.
#[derive(Debug, Clone, Default)]
pub struct Http {
    options: Arc<HttpOptions>,
}

impl Http {
    /// A client with these options.
    #[must_use]
    pub fn new(options: HttpOptions) -> Self {
        Self { options: Arc::new(options) }
    }

    /// What it may do.
    #[must_use]
    pub fn options(&self) -> &HttpOptions {
        &self.options
    }
}
