use bus_core::{error::StepError, record::Batch};
use futures::future::BoxFuture;

/// Data that a step offers to the outside, at `/data/<slug>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its name in the address.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// What it is.
    pub description: String,
    /// Whether everybody may read it.
    pub public: bool,
    /// How many hours it is kept, if not as long as the rest of the workflow's data.
    pub hours: Option<u32>,
}

/// Takes data that is offered to the outside; what serves it.
pub trait Publisher: Send + Sync {
    /// Begins a new edition. What was published before stands until the new one is finished.
    fn begin<'a>(&'a self, offer: &'a Offer) -> BoxFuture<'a, Result<Box<dyn Edition>, StepError>>;
}

/// An edition that is being made; when it is dropped unfinished, nothing has happened.
pub trait Edition: Send {
    /// Adds records.
    fn add<'a>(&'a mut self, batch: &'a Batch) -> BoxFuture<'a, Result<(), StepError>>;

    /// Puts it in the place of what was published before, as one.
    fn finish(self: Box<Self>) -> BoxFuture<'static, Result<(), StepError>>;
}
