use crate::{BackplaneError, Body};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The number of times a document was saved: what compare-and-set compares.
pub type Revision = u64;

/// A kind of document, declared in code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collection {
    /// Its name.
    pub name: &'static str,
    /// What it can be asked by, besides the id.
    pub indexes: &'static [Index],
}

/// An index: documents in the order of some of their members. A document that lacks one of them is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// Its name, unique in the collection.
    pub name: &'static str,
    /// The members, by dotted path; texts, whole numbers and booleans can be indexed.
    pub members: &'static [&'static str],
    /// Whether two documents may not have the same values.
    pub unique: bool,
}

/// A document as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Its id in the collection.
    pub id: String,
    /// How often it was saved.
    pub revision: Revision,
    /// What it says.
    pub body: Body,
}

/// What must hold for a save to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Nothing: the last writer wins.
    Anything,
    /// The document does not exist.
    Absent,
    /// The document stands at this revision.
    Revision(Revision),
}

/// A value in an index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum IndexValue {
    /// False or true.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
}

impl From<&str> for IndexValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for IndexValue {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

/// A question that an index answers: documents whose first indexed members have the given values, and
/// whose next one lies in a range, in the order of the index.
#[derive(Debug, Clone)]
pub struct Query {
    /// The index asked.
    pub index: &'static str,
    /// Values of its first members.
    pub equal: Vec<IndexValue>,
    /// Lowest value of the next member, included.
    pub from: Option<IndexValue>,
    /// Highest value of the next member, excluded.
    pub until: Option<IndexValue>,
    /// Highest first.
    pub descending: bool,
    /// Only what comes after this document, for the next page.
    pub after: Option<Document>,
    /// At most so many.
    pub limit: usize,
}

impl Query {
    /// All documents of an index whose first members have these values, lowest first, at most 1 000.
    #[must_use]
    pub const fn of(index: &'static str, equal: Vec<IndexValue>) -> Self {
        Self { index, equal, from: None, until: None, descending: false, after: None, limit: 1_000 }
    }
}

/// What a lease gives: the right to be the one, for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// What it is for.
    pub name: String,
    /// Who has it.
    pub holder: String,
    /// Grows with every new holder: whoever acts under a lease shows it, and older ones are refused
    /// (fencing).
    pub token: u64,
    /// Until when, ms since the Unix epoch.
    pub until: i64,
}

/// What is known of a chunk without reading it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Its name, which follows from the task that made it.
    pub name: String,
    /// For whom it is kept: `run/<id>`, `publication/<slug>`.
    pub owner: String,
    /// Bytes.
    pub size: u64,
    /// When it leaves by itself, ms since the Unix epoch.
    pub until: i64,
}

/// Documents, leases and the cache of chunks. What a call has saved when it returns survives a crash.
pub trait Store: Send + Sync {
    /// A document.
    fn get<'a>(
        &'a self,
        collection: Collection,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Document>, BackplaneError>>;

    /// Saves a document if `expect` holds; [`crate::Trouble::Conflict`] if not, or if another has the
    /// same values in a unique index.
    fn save<'a>(
        &'a self,
        collection: Collection,
        id: &'a str,
        body: Body,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, BackplaneError>>;

    /// Deletes a document if `expect` holds; one that does not exist is deleted already.
    fn delete<'a>(
        &'a self,
        collection: Collection,
        id: &'a str,
        expect: Expect,
    ) -> BoxFuture<'a, Result<(), BackplaneError>>;

    /// Documents by an index.
    fn find(
        &self,
        collection: Collection,
        query: Query,
    ) -> BoxFuture<'_, Result<Vec<Document>, BackplaneError>>;

    /// How many documents [`Store::find`] would find. An adapter that can tell without reading them should.
    fn count(&self, collection: Collection, query: Query) -> BoxFuture<'_, Result<u64, BackplaneError>> {
        let found = self.find(collection, query);
        Box::pin(async move { Ok(found.await?.len() as u64) })
    }

    /// Takes a lease that nobody has, that has run out, or that `holder` has already (then it is made
    /// longer and keeps its token). `None` while somebody else has it.
    fn lease<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, BackplaneError>>;

    /// Gives a lease back, if it is still the same.
    fn release(&self, lease: Lease) -> BoxFuture<'_, Result<(), BackplaneError>>;

    /// Keeps bytes under a name for a while; a chunk of the same name is replaced as one.
    fn put_chunk<'a>(
        &'a self,
        name: &'a str,
        owner: &'a str,
        bytes: Vec<u8>,
        time: Duration,
    ) -> BoxFuture<'a, Result<(), BackplaneError>>;

    /// The bytes of a chunk; `None` when there is none or when its time has passed.
    fn chunk<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, BackplaneError>>;

    /// What is held for the owners whose name begins so, by owner and name, after a chunk, at most `limit`.
    fn chunks<'a>(
        &'a self,
        owner: &'a str,
        after: Option<&'a Chunk>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Chunk>, BackplaneError>>;

    /// Deletes a chunk; one that does not exist is deleted already.
    fn delete_chunk<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), BackplaneError>>;

    /// Deletes what has outlived its time, and says how many chunks that were.
    fn sweep(&self) -> BoxFuture<'_, Result<u64, BackplaneError>>;
}
