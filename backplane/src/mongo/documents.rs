//! Documents: `_id`, the revision `r`, the body `b`, and beside it what the indexes go by: `k` for the order
//! of each index (it ends in the id), `u` for the values of the unique ones.
//!
//! Compare-and-set is one command whose filter holds the revision: it needs no transaction.

use super::{
    body, keys,
    trouble::{corrupt, refused},
    wire::{Doc, Fault, Find, Table, doc, int},
};
use crate::{BackplaneError, Body, Collection, Document, Expect, Index, Query, Revision, body::Members};
use bus_core::msg;

/// How often a save without a condition is tried when another makes the same document at the same moment.
const TRIES: usize = 5;

/// A fault, or what the caller is told instead.
pub(super) enum Failed {
    Fault(Fault),
    Told(BackplaneError),
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<BackplaneError> for Failed {
    fn from(error: BackplaneError) -> Self {
        Self::Told(error)
    }
}

/// What is read of a document.
fn whole() -> Doc {
    doc! { "r": 1, "b": 1 }
}

pub(super) fn read(mut stored: Doc) -> Result<Document, BackplaneError> {
    let body = stored.remove("b");
    let id = stored.get_str("_id").unwrap_or_default();
    let revision = revision(&stored).ok_or_else(|| corrupt(id))?;
    Ok(Document { id: id.to_owned(), revision, body: body::decode(id, body)? })
}

fn revision(stored: &Doc) -> Option<Revision> {
    int(stored, "r").and_then(|revision| u64::try_from(revision).ok())
}

fn signed(revision: Revision) -> i64 {
    i64::try_from(revision).unwrap_or(i64::MAX)
}

/// What the indexes go by, of one document.
pub(super) fn index_members(collection: Collection, id: &str, body: &Body) -> (Doc, Doc) {
    let (mut order, mut unique) = (Doc::new(), Doc::new());
    let members = Members::of(collection, body);
    for index in collection.indexes {
        if let Some(values) = members.key(index) {
            order.insert(index.name, keys::full(&values, id));
            if index.unique {
                unique.insert(index.name, keys::prefix(&values));
            }
        }
    }
    (order, unique)
}

pub(super) async fn get(table: &Table, id: &str) -> Result<Option<Document>, Failed> {
    let found = table.one(doc! { "_id": id }, whole()).await?;
    Ok(found.map(read).transpose()?)
}

pub(super) async fn save(
    table: &Table,
    collection: Collection,
    id: &str,
    body: &Body,
    expect: Expect,
) -> Result<Revision, Failed> {
    let stored = body::encode(body)?;
    let (order, unique) = index_members(collection, id, body);
    let content = doc! { "b": stored, "k": order, "u": unique };
    match expect {
        Expect::Absent => {
            let mut document = doc! { "_id": id, "r": 1_i64 };
            document.extend(content);
            table.insert(document).await?;
            Ok(1)
        }
        Expect::Revision(known) => {
            let next = known.saturating_add(1);
            let mut set = doc! { "r": signed(next) };
            set.extend(content);
            let there = table.update(doc! { "_id": id, "r": signed(known) }, doc! { "$set": set }).await?;
            if there { Ok(next) } else { Err(BackplaneError::conflict(id).into()) }
        }
        Expect::Anything => overwrite(table, id, content).await,
    }
}

async fn overwrite(table: &Table, id: &str, content: Doc) -> Result<Revision, Failed> {
    let update = doc! { "$inc": { "r": 1_i64 }, "$set": content };
    let mut tries = 0;
    loop {
        let updated = table.updated(doc! { "_id": id }, update.clone(), doc! { "r": 1 }, true).await;
        match updated {
            // two that make the same document at the same moment: the second try finds it
            Err(Fault::Taken(_)) if tries < TRIES => tries += 1,
            Err(fault) => return Err(fault.into()),
            Ok(updated) => {
                let known = updated.as_ref().and_then(revision);
                return known.ok_or_else(|| corrupt(id).into());
            }
        }
    }
}

pub(super) async fn delete(table: &Table, id: &str, expect: Expect) -> Result<(), Failed> {
    let conflicts = match expect {
        Expect::Anything => {
            table.delete(doc! { "_id": id }).await?;
            false
        }
        Expect::Absent => exists(table, id).await?,
        Expect::Revision(known) => {
            !table.delete(doc! { "_id": id, "r": signed(known) }).await? && exists(table, id).await?
        }
    };
    if conflicts { Err(BackplaneError::conflict(id).into()) } else { Ok(()) }
}

async fn exists(table: &Table, id: &str) -> Result<bool, Fault> {
    Ok(table.one(doc! { "_id": id }, doc! { "_id": 1 }).await?.is_some())
}

pub(super) async fn find(
    table: &Table,
    collection: Collection,
    query: &Query,
) -> Result<Vec<Document>, Failed> {
    let Some(index) = collection.indexes.iter().find(|index| index.name == query.index) else {
        let message =
            msg!("`{collection}` has no index `{index}`", collection = collection.name, index = query.index);
        return Err(refused(message).into());
    };
    let Some(range) = range(collection, index, query) else { return Ok(Vec::new()) };
    if query.limit == 0 {
        return Ok(Vec::new());
    }
    let member = order_member(index);
    let find = Find {
        filter: doc! { member.as_str(): range },
        sort: doc! { member: if query.descending { -1 } else { 1 } },
        projection: whole(),
        limit: query.limit,
    };
    Ok(table.many(find).await?.into_iter().map(read).collect::<Result<_, _>>()?)
}

/// The member that an index goes by.
pub(super) fn order_member(index: &Index) -> String {
    format!("k.{}", index.name)
}

/// The name of the index at the server.
pub(super) fn order_name(index: &Index) -> String {
    format!("k-{}", index.name)
}

/// The keys that answer a query, or nothing if none can.
fn range(collection: Collection, index: &Index, query: &Query) -> Option<Doc> {
    let with = |next| keys::prefix(query.equal.iter().chain(next));
    let mut low = ("$gte", with(query.from.as_ref()));
    let mut high = match &query.until {
        Some(until) => with(Some(until)),
        None => keys::behind(with(None)),
    };
    if let Some(after) = &query.after
        && let Some(values) = Members::of(collection, &after.body).key(index)
    {
        let seen = keys::full(&values, &after.id);
        if query.descending {
            high = seen;
        } else {
            low = ("$gt", seen);
        }
    }
    (low.1 < high).then(|| doc! { low.0: low.1, "$lt": high })
}
