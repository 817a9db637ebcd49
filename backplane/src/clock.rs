use std::sync::Arc;

/// Tells the time: ms since the Unix epoch.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;
