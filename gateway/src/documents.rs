//! Documents of the store, with their types.

use crate::Problem;
use backplane::{BackplaneError, Body, Collection, Document, Expect, Query, Revision, Store};
use serde::{Serialize, de::DeserializeOwned};

/// A document that was read.
#[derive(Debug, Clone)]
pub(crate) struct Kept<T> {
    pub(crate) id: String,
    pub(crate) revision: Revision,
    pub(crate) value: T,
}

fn typed<T: DeserializeOwned>(document: Document) -> Result<Kept<T>, Problem> {
    let value = document.body.read().map_err(|error| Problem::ours(&error))?;
    Ok(Kept { id: document.id, revision: document.revision, value })
}

pub(crate) async fn get<T: DeserializeOwned>(
    store: &dyn Store,
    collection: Collection,
    id: &str,
) -> Result<Option<Kept<T>>, Problem> {
    store.get(collection, id).await?.map(typed).transpose()
}

pub(crate) async fn find<T: DeserializeOwned>(
    store: &dyn Store,
    collection: Collection,
    query: Query,
) -> Result<Vec<Kept<T>>, Problem> {
    store.find(collection, query).await?.into_iter().map(typed).collect()
}

/// All documents of an index, however many.
pub(crate) async fn all<T: DeserializeOwned>(
    store: &dyn Store,
    collection: Collection,
    mut query: Query,
) -> Result<Vec<Kept<T>>, Problem> {
    let mut found = Vec::new();
    loop {
        let page = store.find(collection, query.clone()).await?;
        let last = page.last().cloned().filter(|_| page.len() >= query.limit);
        for document in page {
            found.push(typed(document)?);
        }
        let Some(last) = last else { return Ok(found) };
        query.after = Some(last);
    }
}

pub(crate) async fn save<T: Serialize + Sync>(
    store: &dyn Store,
    collection: Collection,
    id: &str,
    value: &T,
    expect: Expect,
) -> Result<Revision, BackplaneError> {
    let body = Body::of(value).map_err(|error| {
        BackplaneError::new(
            backplane::Trouble::Corrupt,
            bus_core::msg!("{reason}", reason = error.to_string()),
        )
    })?;
    store.save(collection, id, body, expect).await
}
