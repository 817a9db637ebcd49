//! What must stand before anything is stored: the version of the form, and the indexes.

use super::{
    body,
    chunks::{BY_OWNER, BY_TIME},
    documents::{Failed, index_members, order_member, order_name},
    trouble::refused,
    wire::{Base, Built, Doc, Fault, Find, Table, doc, int},
};
use crate::{BackplaneError, Collection};
use bus_core::msg;

/// The form of what is stored. A bus does not open a store of a later one; an earlier one is brought to this
/// form when it is opened.
///
/// 1: documents `_id`, `r`, `b`, `k`, `u`; leases; chunks with pieces.
pub(super) const VERSION: i64 = 1;

/// Names of what is not a declared collection.
pub(super) const META: &str = "bus.meta";
pub(super) const LEASES: &str = "bus.leases";
pub(super) const CHUNKS: &str = "bus.chunks";
pub(super) const PIECES: &str = "bus.pieces";

/// Documents filled at a time.
const PAGE: usize = 200;

/// Checks the version, and makes what is missing.
pub(super) async fn open(base: &Base) -> Result<(), Failed> {
    let meta = base.table(META);
    let found = match meta.one(doc! { "_id": "schema" }, Doc::new()).await? {
        Some(found) => int(&found, "version").unwrap_or(i64::MAX),
        None => match meta.insert(doc! { "_id": "schema", "version": VERSION }).await {
            // another node was faster, with the version it knows
            Ok(()) | Err(Fault::Taken(_)) => VERSION,
            Err(fault) => return Err(fault.into()),
        },
    };
    if found > VERSION {
        return Err(refused(msg!(
            "the store {database} was written by a later version of the bus (form {found}, this one knows {known}): start that version, or choose another database",
            database = base.name(),
            found = found,
            known = VERSION
        ))
        .into());
    }
    let chunks = vec![
        plain(BY_OWNER, doc! { "k": 1, "o": 1, "s": 1, "e": 1, "_id": 1 }),
        Built { expires: Some(0), ..plain(BY_TIME, doc! { "e": 1 }) },
    ];
    stand(base, CHUNKS, &base.table(CHUNKS), chunks).await?;
    let pieces = vec![Built { expires: Some(0), ..plain(BY_TIME, doc! { "e": 1 }) }];
    stand(base, PIECES, &base.table(PIECES), pieces).await?;
    Ok(())
}

fn plain(name: &str, keys: Doc) -> Built {
    Built { name: name.to_owned(), keys, unique: false, sparse: false, expires: None }
}

/// Sees to it that a declared collection has its indexes. One that is new is filled from the bodies first,
/// so that what earlier versions have stored is found by it.
pub(super) async fn declare(base: &Base, collection: Collection) -> Result<(), Failed> {
    let table = base.table(collection.name);
    let mut wanted = Vec::new();
    for index in collection.indexes {
        let order = doc! { order_member(index): 1 };
        wanted.push(Built { sparse: true, ..plain(&order_name(index), order) });
        if index.unique {
            let values = doc! { format!("u.{}", index.name): 1 };
            wanted.push(Built { sparse: true, unique: true, ..plain(&format!("u-{}", index.name), values) });
        }
    }
    let known = table.indexes().await?;
    if wanted.iter().any(|wanted| known.iter().all(|known| known.name != wanted.name)) {
        fill(&table, collection).await?;
    }
    stand(base, collection.name, &table, wanted).await
}

/// Makes the indexes that are missing; one that is different is told.
async fn stand(base: &Base, name: &str, table: &Table, wanted: Vec<Built>) -> Result<(), Failed> {
    let known = table.indexes().await?;
    for index in wanted {
        match known.iter().find(|known| known.name == index.name) {
            Some(known) if *known == index => {}
            Some(_) => {
                return Err(refused(msg!(
                    "the index {index} of {collection} in {database} is not as this bus needs it: drop it, the bus makes it anew at its next start",
                    index = index.name.as_str(),
                    collection = name,
                    database = base.name()
                ))
                .into());
            }
            None => match table.build(index.clone()).await {
                Err(Fault::Taken(reason)) => return Err(doubled(base, name, &index, &reason).into()),
                built => built?,
            },
        }
    }
    Ok(())
}

/// Documents of before the index that it does not allow. This is for people to decide.
fn doubled(base: &Base, collection: &str, index: &Built, reason: &str) -> BackplaneError {
    refused(msg!(
        "the index {index} of {collection} in {database} cannot be made, because documents are alike that may not be ({reason}): change or delete one of them, then start again",
        index = index.name.as_str(),
        collection = collection,
        database = base.name(),
        reason = reason
    ))
}

/// Writes what the indexes go by into all documents, from their bodies.
async fn fill(table: &Table, collection: Collection) -> Result<(), Failed> {
    let mut last = String::new();
    loop {
        let find = Find {
            filter: doc! { "_id": { "$gt": last.as_str() } },
            sort: doc! { "_id": 1 },
            projection: doc! { "r": 1, "b": 1 },
            limit: PAGE,
        };
        let page = table.many(find).await?;
        for stored in &page {
            fill_one(table, collection, stored).await?;
        }
        let Some(end) = page.last().and_then(|stored| stored.get_str("_id").ok()) else { return Ok(()) };
        end.clone_into(&mut last);
    }
}

async fn fill_one(table: &Table, collection: Collection, stored: &Doc) -> Result<(), Failed> {
    let id = stored.get_str("_id").unwrap_or_default();
    let body = body::decode(id, stored.get("b").cloned())?;
    let (order, unique) = index_members(collection, id, &body);
    // one that is saved meanwhile has its members by that
    let same = doc! { "_id": id, "r": stored.get("r").cloned() };
    table.update(same, doc! { "$set": { "k": order, "u": unique } }).await?;
    Ok(())
}
