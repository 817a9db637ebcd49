//! Collects the records a step makes and sends them in batches.

use crate::contract::Outputs;
use bus_core::{
    catalogue::OUT,
    error::StepError,
    record::{Batch, BatchBuilder, Trail},
};
use std::sync::Arc;

/// What goes to one port, on its way. Batches keep the JSON-LD context of what they were made from.
#[derive(Debug)]
pub struct Emitter {
    port: &'static str,
    builder: BatchBuilder,
    context: Option<Arc<serde_json::Value>>,
    trail: Trail,
}

impl Default for Emitter {
    fn default() -> Self {
        Self::to(OUT)
    }
}

impl Emitter {
    /// To a named port.
    #[must_use]
    pub fn to(port: &'static str) -> Self {
        Self { port, builder: BatchBuilder::new(), context: None, trail: Trail::default() }
    }

    /// What follows is made from records of `batch`: takes over its JSON-LD context.
    ///
    /// # Errors
    /// When the run was cancelled.
    pub async fn follow(&mut self, batch: &Batch, out: &mut Outputs) -> Result<(), StepError> {
        let same = match (&self.context, batch.context()) {
            (Some(known), Some(context)) => Arc::ptr_eq(known, context) || known == context,
            (None, None) => true,
            _ => false,
        };
        if !same {
            self.flush(out).await?;
            self.context = batch.context().cloned();
        }
        self.trail.follow(batch.places());
        Ok(())
    }

    /// Where the records are written.
    pub const fn builder(&mut self) -> &mut BatchBuilder {
        &mut self.builder
    }

    /// Whether it is time for [`Self::flow`].
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.builder.is_full()
    }

    /// Sends what is there if it is enough for a batch: to be called between records.
    ///
    /// # Errors
    /// When the run was cancelled.
    pub async fn flow(&mut self, out: &mut Outputs) -> Result<(), StepError> {
        if self.builder.is_full() { self.flush(out).await } else { Ok(()) }
    }

    /// [`Self::flow`], for records that all come from one row of the batch that is followed: they keep its
    /// place.
    ///
    /// # Errors
    /// When the run was cancelled.
    pub async fn flow_from(&mut self, row: usize, out: &mut Outputs) -> Result<(), StepError> {
        self.trail.note(row, self.builder.len());
        self.flow(out).await
    }

    /// Sends what is there.
    ///
    /// # Errors
    /// When the run was cancelled.
    pub async fn flush(&mut self, out: &mut Outputs) -> Result<(), StepError> {
        let mut batch = self.builder.take();
        let places = self.trail.take(batch.len());
        if batch.is_empty() {
            return Ok(());
        }
        batch.set_context(self.context.clone());
        batch.set_places(places);
        out.send_to(self.port, batch).await
    }
}
