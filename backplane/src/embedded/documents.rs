use super::{DOCUMENTS, INDEXES, base::Base, failed, keys, writer::Written};
use crate::{
    BackplaneError, Body, Collection, Document, Expect, Index, IndexValue, Query, Revision, Trouble,
    body::Members,
};
use bus_core::msg;
use redb::{ReadableTable, Table, WriteTransaction};
use std::ops::Bound;

pub(super) fn get(
    database: &Base,
    collection: Collection,
    id: &str,
) -> Result<Option<Document>, BackplaneError> {
    let read = || -> Result<_, redb::Error> {
        let table = database.begin_read()?.open_table(DOCUMENTS)?;
        Ok(table.get((collection.name, id))?.map(|stored| stored.value().to_vec()))
    };
    read().map_err(|error| failed(&error))?.map(|stored| decode(id, &stored)).transpose()
}

pub(super) fn save(
    transaction: &WriteTransaction,
    collection: Collection,
    id: &str,
    body: &Body,
    expect: Expect,
) -> Written<Revision> {
    let mut documents = transaction.open_table(DOCUMENTS)?;
    let known = match stored(&documents, collection, id)? {
        Ok(known) => known,
        Err(error) => return Ok(Err(error)),
    };
    if !holds(expect, known.as_ref()) {
        return Ok(Err(BackplaneError::conflict(id)));
    }
    let mut indexes = transaction.open_table(INDEXES)?;
    let members = Members::of(collection, body);
    for index in collection.indexes.iter().filter(|index| index.unique) {
        if taken(&indexes, (collection, index), members.key(index), id)? {
            return Ok(Err(BackplaneError::conflict(id)));
        }
    }
    let revision = known.as_ref().map_or(0, |known| known.revision) + 1;
    let mut value = revision.to_le_bytes().to_vec();
    value.extend_from_slice(body.text().as_bytes());
    documents.insert((collection.name, id), value.as_slice())?;
    let former = known.as_ref().map(|known| Members::of(collection, &known.body));
    for index in collection.indexes {
        let key =
            |members: &Members| members.key(index).map(|values| keys::full(collection, index, &values, id));
        let (old, new) = (former.as_ref().and_then(key), key(&members));
        if old != new {
            if let Some(old) = old {
                indexes.remove(old.as_slice())?;
            }
            if let Some(new) = new {
                indexes.insert(new.as_slice(), ())?;
            }
        }
    }
    Ok(Ok(revision))
}

pub(super) fn delete(
    transaction: &WriteTransaction,
    collection: Collection,
    id: &str,
    expect: Expect,
) -> Written<()> {
    let mut documents = transaction.open_table(DOCUMENTS)?;
    let known = match stored(&documents, collection, id)? {
        Ok(Some(known)) => known,
        Ok(None) => return Ok(Ok(())),
        Err(error) => return Ok(Err(error)),
    };
    if !holds(expect, Some(&known)) {
        return Ok(Err(BackplaneError::conflict(id)));
    }
    documents.remove((collection.name, id))?;
    let mut indexes = transaction.open_table(INDEXES)?;
    let members = Members::of(collection, &known.body);
    for index in collection.indexes {
        if let Some(values) = members.key(index) {
            indexes.remove(keys::full(collection, index, &values, id).as_slice())?;
        }
    }
    Ok(Ok(()))
}

pub(super) fn find(
    database: &Base,
    collection: Collection,
    query: &Query,
) -> Result<Vec<Document>, BackplaneError> {
    let ids = ids(database, collection, index(collection, query)?, query).map_err(|error| failed(&error))?;
    // a document deleted since the index was read is not there any more: left out
    ids.iter().filter_map(|id| get(database, collection, id).transpose()).collect()
}

/// Counts entries of the index; the documents are not read.
pub(super) fn count(database: &Base, collection: Collection, query: &Query) -> Result<u64, BackplaneError> {
    let ids = ids(database, collection, index(collection, query)?, query).map_err(|error| failed(&error))?;
    Ok(ids.len() as u64)
}

fn index(collection: Collection, query: &Query) -> Result<&'static Index, BackplaneError> {
    let index = collection.indexes.iter().find(|index| index.name == query.index);
    index.ok_or_else(|| {
        let message =
            msg!("`{collection}` has no index `{index}`", collection = collection.name, index = query.index);
        BackplaneError::new(Trouble::Refused, message)
    })
}

fn ids(
    database: &Base,
    collection: Collection,
    index: &Index,
    query: &Query,
) -> Result<Vec<String>, redb::Error> {
    let table = database.begin_read()?.open_table(INDEXES)?;
    let with = |next: Option<&IndexValue>| {
        let values: Vec<_> = query.equal.iter().chain(next).cloned().collect();
        keys::prefix(collection, index.name, &values)
    };
    let mut low = Bound::Included(with(query.from.as_ref()));
    let mut high = Bound::Excluded(match &query.until {
        Some(until) => with(Some(until)),
        None => keys::behind(with(None)),
    });
    if let Some(after) = &query.after
        && let Some(values) = Members::of(collection, &after.body).key(index)
    {
        let seen = Bound::Excluded(keys::full(collection, index, &values, &after.id));
        if query.descending { high = seen } else { low = seen }
    }
    if is_empty(&low, &high) {
        return Ok(Vec::new());
    }
    let mut range =
        table.range::<&[u8]>((low.as_ref().map(Vec::as_slice), high.as_ref().map(Vec::as_slice)))?;
    let mut ids = Vec::new();
    while ids.len() < query.limit {
        let Some(entry) = (if query.descending { range.next_back() } else { range.next() }) else { break };
        ids.extend(keys::id(entry?.0.value(), index, collection));
    }
    Ok(ids)
}

fn is_empty(low: &Bound<Vec<u8>>, high: &Bound<Vec<u8>>) -> bool {
    match (low, high) {
        (Bound::Included(low) | Bound::Excluded(low), Bound::Included(high) | Bound::Excluded(high)) => {
            low >= high
        }
        _ => false,
    }
}

fn holds(expect: Expect, known: Option<&Document>) -> bool {
    match expect {
        Expect::Anything => true,
        Expect::Absent => known.is_none(),
        Expect::Revision(revision) => known.is_some_and(|known| known.revision == revision),
    }
}

/// Whether another document has the same values in a unique index.
fn taken(
    indexes: &Table<'_, &[u8], ()>,
    (collection, index): (Collection, &Index),
    values: Option<Vec<IndexValue>>,
    id: &str,
) -> Result<bool, redb::Error> {
    let Some(values) = values else { return Ok(false) };
    let (own, first) =
        (keys::full(collection, index, &values, id), keys::prefix(collection, index.name, &values));
    let behind = keys::behind(first.clone());
    for entry in indexes.range::<&[u8]>(first.as_slice()..behind.as_slice())? {
        if entry?.0.value() != own.as_slice() {
            return Ok(true);
        }
    }
    Ok(false)
}

type Stored = Result<Option<Document>, BackplaneError>;

fn stored(
    documents: &Table<'_, (&'static str, &'static str), &'static [u8]>,
    collection: Collection,
    id: &str,
) -> Result<Stored, redb::Error> {
    let value = documents.get((collection.name, id))?;
    Ok(value.map(|value| decode(id, value.value())).transpose())
}

fn decode(id: &str, stored: &[u8]) -> Result<Document, BackplaneError> {
    let corrupt = || {
        BackplaneError::new(Trouble::Corrupt, msg!("the document `{id}` in the store is damaged", id = id))
    };
    let (revision, body) = stored.split_first_chunk().ok_or_else(corrupt)?;
    let text = String::from_utf8(body.to_vec()).map_err(|_| corrupt())?;
    let body = Body::written(text).map_err(|_| corrupt())?;
    Ok(Document { id: id.to_owned(), revision: Revision::from_le_bytes(*revision), body })
}
