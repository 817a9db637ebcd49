//! Leases: one document each, taken by compare-and-set on its token and time.
//!
//! The clock is the server's (see `time.rs`): how far the clocks of the nodes are apart does not matter. The
//! token grows with every new holder and never comes again, so whoever was late is told by it.

use super::wire::{Doc, Fault, Table, doc, int};
use crate::Lease;
use std::time::Duration;

/// Takes a lease, or makes it longer; `None` while somebody else has it.
pub(super) async fn take(
    table: &Table,
    name: &str,
    holder: &str,
    now: i64,
    time: Duration,
) -> Result<Option<Lease>, Fault> {
    let until = now.saturating_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
    let known = table.one(doc! { "_id": name }, Doc::new()).await?;
    let lease = |token: i64| Lease {
        name: name.to_owned(),
        holder: holder.to_owned(),
        token: u64::try_from(token).unwrap_or(0),
        until,
    };
    let Some(known) = known else {
        let first = doc! { "_id": name, "holder": holder, "token": 1_i64, "until": until };
        return match table.insert(first).await {
            Ok(()) => Ok(Some(lease(1))),
            Err(Fault::Taken(_)) => Ok(None),
            Err(fault) => Err(fault),
        };
    };
    let token = int(&known, "token").unwrap_or(0);
    let (had_by, had_until) =
        (known.get_str("holder").unwrap_or_default(), int(&known, "until").unwrap_or(0));
    let next = match (had_until > now, had_by == holder) {
        (true, true) => token,
        (true, false) => return Ok(None),
        (false, _) => token.saturating_add(1),
    };
    // whoever was faster has changed one of these
    let as_known = doc! { "_id": name, "token": token, "until": had_until, "holder": had_by };
    let update = doc! { "$set": { "holder": holder, "token": next, "until": until } };
    Ok(table.update(as_known, update).await?.then(|| lease(next)))
}

/// A lease given back stays, run out: its token must never come again.
pub(super) async fn release(table: &Table, lease: &Lease) -> Result<(), Fault> {
    let token = i64::try_from(lease.token).unwrap_or(i64::MAX);
    let same = doc! { "_id": &lease.name, "token": token, "holder": &lease.holder };
    table.update(same, doc! { "$set": { "until": 0_i64 } }).await.map(drop)
}
