//! The handlers, and their rows of the route table.

mod about;
mod accounts;
mod audit;
mod catalogue;
mod checked;
mod entry;
mod events;
mod findings;
mod groups;
mod kept;
mod keys;
mod password;
mod previews;
mod runs;
mod session;
mod shares;

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
        shares::rows(),
        audit::rows(),
        catalogue::rows(),
        runs::rows(),
        kept::rows(),
        events::rows(),
        previews::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
