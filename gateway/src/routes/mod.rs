//! The handlers, and their rows of the route table.

mod about;
mod catalogue;
mod events;
mod findings;
mod kept;
mod previews;
mod runs;

use crate::Row;

/// Every call there is.
pub(crate) fn rows() -> Vec<Row> {
    [about::rows(), catalogue::rows(), runs::rows(), kept::rows(), events::rows(), previews::rows()]
        .into_iter()
        .flatten()
        .collect()
}
