use super::{LEASES, writer::Written};
use crate::Lease;
use redb::{ReadableTable, WriteTransaction};
use std::time::Duration;

pub(super) fn take(
    transaction: &WriteTransaction,
    name: &str,
    holder: &str,
    now: i64,
    time: Duration,
) -> Written<Option<Lease>> {
    let mut leases = transaction.open_table(LEASES)?;
    let known: Option<Lease> =
        leases.get(name)?.and_then(|stored| serde_json::from_slice(stored.value()).ok());
    let token = match &known {
        Some(lease) if lease.holder == holder && lease.until > now => lease.token,
        Some(lease) if lease.until > now => return Ok(Ok(None)),
        Some(lease) => lease.token + 1,
        None => 1,
    };
    let until = now.saturating_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX));
    let lease = Lease { name: name.to_owned(), holder: holder.to_owned(), token, until };
    leases.insert(name, encode(&lease).as_slice())?;
    Ok(Ok(Some(lease)))
}

/// A lease given back stays, run out: its token must never come again.
pub(super) fn release(transaction: &WriteTransaction, lease: &Lease) -> Written<()> {
    let mut leases = transaction.open_table(LEASES)?;
    let known: Option<Lease> =
        leases.get(lease.name.as_str())?.and_then(|stored| serde_json::from_slice(stored.value()).ok());
    if known.is_some_and(|known| known.token == lease.token && known.holder == lease.holder) {
        leases.insert(lease.name.as_str(), encode(&Lease { until: 0, ..lease.clone() }).as_slice())?;
    }
    Ok(Ok(()))
}

fn encode(lease: &Lease) -> Vec<u8> {
    serde_json::json!(lease).to_string().into_bytes()
}
