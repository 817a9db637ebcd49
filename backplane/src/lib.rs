//! What holds the nodes together: two ports and their adapters.
//!
//! The [`Store`] is the truth, the [`Broker`] is the courier: what was saved is never lost, what was
//! published is delivered at least once. Every adapter passes the same contract suite
//! (`backplane/tests/contract`).

pub mod amqp;
mod body;
mod broker;
mod clock;
pub mod embedded;
mod error;
pub mod mongo;
mod store;
mod topic;

pub use body::Body;
pub use broker::{Announcement, Broker, Consumer, DeadLetter, Delivery, Listener, Message, Priority};
pub use clock::Clock;
pub use error::{BackplaneError, Trouble};
pub use store::{Chunk, Collection, Document, Expect, Index, IndexValue, Lease, Query, Revision, Store};
pub use topic::Pattern;
