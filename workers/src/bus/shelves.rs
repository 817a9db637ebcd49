use super::Bus;
use crate::Workflows;
use std::sync::Arc;

impl Bus {
    /// The workflows there are.
    #[must_use]
    pub fn workflows(&self) -> Workflows {
        let parts = self.parts();
        Workflows::new(Arc::clone(&parts.store), Arc::clone(&parts.clock), Arc::clone(&parts.catalogue))
    }
}
