//! The handlers, and their rows of the route table.

mod about;
mod accounts;
mod audit;
mod calls;
mod catalogue;
mod checked;
mod data;
mod entry;
mod events;
mod findings;
mod groups;
mod imports;
mod kept;
mod keys;
mod may;
mod operations;
mod password;
mod previews;
mod runs;
mod secrets;
mod session;
mod shares;
mod workflows;

use crate::Row;

/// Every call there is.
pub(crate) fn rows() -> Vec<Row> {
    [
        about::rows(),
        session::rows(),
        entry::rows(),
        password::rows(),
        accounts::rows(),
        groups::rows(),
        keys::rows(),
        secrets::rows(),
        shares::rows(),
        audit::rows(),
        catalogue::rows(),
        runs::rows(),
        kept::rows(),
        events::rows(),
        previews::rows(),
        workflows::rows(),
        calls::rows(),
        operations::rows(),
        imports::rows(),
        data::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
