//! The handlers, and their rows of the route table.

mod about;

use crate::Row;

/// Every call there is.
pub(crate) fn rows() -> Vec<Row> {
    [about::rows()].into_iter().flatten().collect()
}
