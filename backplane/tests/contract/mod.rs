//! What every adapter of the backplane must do. An adapter's test file names a function that opens it and
//! calls [`contract!`].

pub(crate) mod broker;
pub(crate) mod store;

/// One test per fact, on a freshly opened adapter: `$open` is an async function that gives
/// `(Arc<dyn Broker>, Arc<dyn Store>, Clock, guard)`.
macro_rules! contract {
    ($open:path: $($part:ident { $($fact:ident),* $(,)? })*) => {$(
        mod $part {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                let node = $open().await;
                crate::contract::$part::$fact(&node).await;
            })*
        }
    )*};
}
pub(crate) use contract;

use backplane::{Broker, Store};
use std::{
    any::Any,
    sync::{Arc, atomic::AtomicI64},
};

/// An opened adapter under a clock that tests move.
pub(crate) struct Node {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) store: Arc<dyn Store>,
    /// ms since the Unix epoch.
    pub(crate) clock: Arc<AtomicI64>,
    /// What must live as long (a folder, a server).
    pub(crate) _guard: Box<dyn Any + Send + Sync>,
}
