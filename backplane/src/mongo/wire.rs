//! The one door to the MongoDB client: a database, its collections, and what can go wrong with them.
//!
//! Everything is read from the primary with read concern majority and written with write concern majority
//! and journal: what a call has saved survives the loss of a server. No transactions: the adapter is correct
//! on a single server, too.

use futures::TryStreamExt;
use mongodb::{
    Client, Collection, Database, IndexModel,
    action::Action as _,
    error::{Error, ErrorKind, WriteFailure},
    event::{EventHandler, command::CommandEvent},
    options::{
        Acknowledgment, ClientOptions, Hint, IndexOptions, ReadConcern, ReturnDocument, SelectionCriteria,
        WriteConcern,
    },
};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

pub(super) use mongodb::bson::{
    Binary, Bson, DateTime, Document as Doc, doc, oid::ObjectId, spec::BinarySubtype,
};

/// What went wrong on the way to the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The address cannot be read.
    Address(String),
    /// Nobody answers there, or not now.
    Unreachable(String),
    /// The certificate of the server is not trusted.
    Untrusted(String),
    /// User or password are wrong.
    Credentials(String),
    /// The user may not do this.
    Forbidden(String),
    /// The value is taken in a unique index.
    Taken(String),
    /// More than a document can hold.
    TooLarge,
    /// It did not answer in time.
    Slow,
    /// Something that does not get better by trying again.
    Other(String),
}

/// Error codes of the server: <https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml>.
mod code {
    pub(super) const UNAUTHORIZED: i32 = 13;
    pub(super) const AUTHENTICATION_FAILED: i32 = 18;
    pub(super) const NAMESPACE_NOT_FOUND: i32 = 26;
    pub(super) const DUPLICATE_KEY: i32 = 11_000;
    pub(super) const TOO_LARGE: i32 = 10_334;
    /// Of the driver or the server, when the limit of time is over.
    pub(super) const MAX_TIME: i32 = 50;
}

/// What rustls says of a certificate; the driver hands it on as text only.
const UNTRUSTED: &str = "invalid peer certificate";

impl Fault {
    fn of(error: &Error) -> Self {
        let retryable = error.contains_label("RetryableWriteError")
            || error.contains_label("TransientTransactionError")
            || error.contains_label("SystemOverloadedError");
        match error.kind.as_ref() {
            ErrorKind::Authentication { message, .. } => Self::Credentials(message.clone()),
            ErrorKind::Command(said) => Self::coded(said.code, &said.message, retryable),
            ErrorKind::Write(WriteFailure::WriteError(said)) => {
                Self::coded(said.code, &said.message, retryable)
            }
            ErrorKind::Write(WriteFailure::WriteConcernError(said)) => {
                Self::Unreachable(said.message.clone())
            }
            ErrorKind::Io(reason) => Self::Unreachable(reason.to_string()),
            ErrorKind::ServerSelection { message, .. } | ErrorKind::ConnectionPoolCleared { message, .. } => {
                Self::selection(message)
            }
            ErrorKind::DnsResolve { message, .. } => Self::Unreachable(message.clone()),
            _ if retryable => Self::Unreachable(error.to_string()),
            _ => Self::Other(error.to_string()),
        }
    }

    fn coded(code: i32, message: &str, retryable: bool) -> Self {
        match code {
            code::UNAUTHORIZED => Self::Forbidden(message.to_owned()),
            code::AUTHENTICATION_FAILED => Self::Credentials(message.to_owned()),
            code::DUPLICATE_KEY => Self::Taken(message.to_owned()),
            code::TOO_LARGE => Self::TooLarge,
            code::MAX_TIME => Self::Slow,
            _ if retryable => Self::Unreachable(message.to_owned()),
            // stepping down, shutting down, not primary, interrupted
            91 | 189 | 10_107 | 11_600 | 11_602 | 13_435 | 13_436 => Self::Unreachable(message.to_owned()),
            _ => Self::Other(format!("{message} ({code})")),
        }
    }

    /// Why no server was selected: the reasons of all of them in one text.
    fn selection(message: &str) -> Self {
        if let Some((_, reason)) = message.split_once(UNTRUSTED) {
            let reason = reason.split(", labels:").next().unwrap_or_default();
            Self::Untrusted(format!("{UNTRUSTED}{reason}"))
        } else if message.contains("SCRAM failure") || message.contains("Authentication failed") {
            Self::Credentials(message.to_owned())
        } else {
            Self::Unreachable(message.to_owned())
        }
    }
}

/// Commands as they were asked, one of each shape; what [`Base::explained`] explains.
type Seen = Arc<Mutex<BTreeMap<String, Doc>>>;

/// How to connect.
pub(super) struct Way<'a> {
    pub(super) uri: &'a str,
    pub(super) database: &'a str,
    pub(super) name: &'a str,
    pub(super) connections: u32,
    pub(super) call: Duration,
    pub(super) watch: bool,
}

/// A database.
#[derive(Clone)]
pub(super) struct Base {
    database: Database,
    hosts: String,
    call: Duration,
    seen: Option<Seen>,
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Base").field("database", &self.database.name()).finish_non_exhaustive()
    }
}

impl Base {
    /// A handle; nothing is asked of the server yet.
    pub(super) async fn new(way: &Way<'_>) -> Result<Self, Fault> {
        let parsed = ClientOptions::parse(way.uri).await;
        let mut options = parsed.map_err(|error| match error.kind.as_ref() {
            ErrorKind::DnsResolve { message, .. } => Fault::Unreachable(message.clone()),
            _ => Fault::Address(error.to_string()),
        })?;
        let hosts: Vec<String> = options.hosts.iter().map(ToString::to_string).collect();
        options.app_name = Some(way.name.to_owned());
        options.max_pool_size = Some(way.connections);
        // shorter than a call, for it to say why nobody was found and not only that it took too long
        options.server_selection_timeout = Some(way.call * 3 / 4);
        options.connect_timeout = Some(way.call * 3 / 4);
        options.read_concern = Some(ReadConcern::majority());
        let majority = WriteConcern::builder().w(Acknowledgment::Majority).journal(true).build();
        options.write_concern = Some(majority);
        options.selection_criteria =
            Some(SelectionCriteria::ReadPreference(mongodb::options::ReadPreference::Primary));
        let seen = way.watch.then(Seen::default);
        if let Some(seen) = &seen {
            options.command_event_handler = Some(watcher(Arc::clone(seen)));
        }
        let client = Client::with_options(options).map_err(|error| Fault::of(&error))?;
        let database = client.database(way.database);
        Ok(Self { database, hosts: hosts.join(","), call: way.call, seen })
    }

    /// The servers of the address.
    pub(super) fn hosts(&self) -> &str {
        &self.hosts
    }

    pub(super) fn name(&self) -> &str {
        self.database.name()
    }

    pub(super) fn table(&self, name: &str) -> Table {
        Table { inner: self.database.collection(name), call: self.call }
    }

    /// The time of the server, ms since the Unix epoch.
    pub(super) async fn time(&self) -> Result<i64, Fault> {
        let asked = in_time(self.call, self.database.run_command(doc! { "hello": 1 }));
        let answer = asked.await?;
        let time = answer.get_datetime("localTime").map(|time| time.timestamp_millis());
        time.map_err(|error| Fault::Other(error.to_string()))
    }

    pub(super) async fn remove(&self) -> Result<(), Fault> {
        in_time(self.call, self.database.drop()).await
    }

    /// Every shape of command that was asked so far, with the plan that the server makes of it.
    ///
    /// What changes or deletes is explained as the question that finds what to change: the server plans both
    /// alike, and not every server that speaks this protocol explains the former.
    pub(super) async fn explained(&self) -> Result<Vec<(String, String)>, Fault> {
        let Some(seen) = &self.seen else { return Ok(Vec::new()) };
        let commands = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut explained = Vec::new();
        for (shape, command) in commands.into_iter().filter(|(_, command)| !command.contains_key(INSERT)) {
            let asked = doc! { "explain": question(command), "verbosity": "queryPlanner" };
            let plan = in_time(self.call, self.database.run_command(asked)).await?;
            explained.push((shape, plan.to_string()));
        }
        Ok(explained)
    }

    /// Every shape of command that was asked so far, with what it asks of those who keep it: the concern of
    /// a write or of a read, as JSON.
    pub(super) fn concerns(&self) -> Vec<(String, String)> {
        let Some(seen) = &self.seen else { return Vec::new() };
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let concern = |command: &Doc| {
            let said = ["writeConcern", "readConcern"].iter().find_map(|name| command.get(*name));
            said.map(ToString::to_string).unwrap_or_default()
        };
        seen.iter().map(|(shape, command)| (shape.clone(), concern(command))).collect()
    }
}

const INSERT: &str = "insert";

/// Notes every command that reads or changes documents.
fn watcher(seen: Seen) -> EventHandler<CommandEvent> {
    EventHandler::callback(move |event| {
        let CommandEvent::Started(started) = event else { return };
        let noted = ["find", INSERT, "update", "delete", "findAndModify", "aggregate"];
        if noted.contains(&started.command_name.as_str()) {
            let shape = shape(&started.command);
            seen.lock().unwrap_or_else(PoisonError::into_inner).insert(shape, started.command);
        }
    })
}

/// A command, or what it has to find before it changes it, without what belongs to a session.
fn question(mut command: Doc) -> Doc {
    for (verb, list) in [("update", "updates"), ("delete", "deletes")] {
        if let (Some(table), Some(one)) = (command.get(verb), first(&command, list)) {
            let mut find = doc! { "find": table, "filter": one.get("q").cloned() };
            if let Some(hint) = one.get("hint") {
                find.insert("hint", hint);
            }
            return find;
        }
    }
    for name in ["lsid", "$db", "$clusterTime", "txnNumber", "writeConcern", "readConcern"] {
        command.remove(name);
    }
    command
}

/// The first of a list of commands in one.
fn first<'a>(command: &'a Doc, list: &str) -> Option<&'a Doc> {
    command.get_array(list).ok()?.first()?.as_document()
}

/// A command without its values.
fn shape(command: &Doc) -> String {
    fn names(value: &Bson) -> String {
        match value {
            Bson::Document(inner) => {
                let parts = inner.iter().map(|(name, value)| format!("{name}:{}", names(value)));
                format!("{{{}}}", parts.collect::<Vec<_>>().join(","))
            }
            Bson::Array(inner) => inner.first().map(names).unwrap_or_default(),
            _ => "?".to_owned(),
        }
    }
    let mut text = String::new();
    for name in ["find", INSERT, "update", "delete", "findAndModify", "aggregate"] {
        if let Some(Bson::String(table)) = command.get(name) {
            text = format!("{name} {table}");
        }
    }
    for name in ["filter", "query", "updates", "deletes", "sort", "pipeline"] {
        if let Some(value) = command.get(name) {
            text += &format!(" {name} {}", names(value));
        }
    }
    text
}

/// A collection.
#[derive(Clone)]
pub(super) struct Table {
    inner: Collection<Doc>,
    call: Duration,
}

/// An index as the server has it, or as it should.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Built {
    pub(super) name: String,
    pub(super) keys: Doc,
    pub(super) unique: bool,
    pub(super) sparse: bool,
    /// Seconds after the date in its member when a document leaves.
    pub(super) expires: Option<u64>,
}

/// The index that every collection has.
const BY_ID: &str = "_id_";

/// What to look for. The filter restricts a member that one index goes by, so that the server has nothing to
/// choose. The index is not named: some servers that speak this protocol read all of a named one.
#[derive(Debug, Clone)]
pub(super) struct Find {
    pub(super) filter: Doc,
    pub(super) sort: Doc,
    pub(super) projection: Doc,
    pub(super) limit: usize,
}

impl Table {
    pub(super) async fn one(&self, filter: Doc, projection: Doc) -> Result<Option<Doc>, Fault> {
        in_time(self.call, self.inner.find_one(filter).projection(projection)).await
    }

    pub(super) async fn many(&self, find: Find) -> Result<Vec<Doc>, Fault> {
        let limit = i64::try_from(find.limit).unwrap_or(i64::MAX);
        // a walk through all documents: those servers do not see by themselves that it has an index
        let walk = find.sort.contains_key("_id").then(by_id);
        let asked = self.inner.find(find.filter).sort(find.sort).projection(find.projection).limit(limit);
        let asked = asked.optional(walk, |asked, by_id| asked.hint(by_id));
        let all = async { asked.await?.try_collect().await };
        in_time(self.call, all).await
    }

    pub(super) async fn insert(&self, document: Doc) -> Result<(), Fault> {
        in_time(self.call, self.inner.insert_one(document)).await.map(drop)
    }

    /// Changes a document, found by its id; says whether there was one to change.
    pub(super) async fn update(&self, filter: Doc, update: Doc) -> Result<bool, Fault> {
        let asked = self.inner.update_one(filter, update).hint(by_id());
        let updated = in_time(self.call, asked).await?;
        Ok(updated.matched_count > 0)
    }

    /// Changes a document and gives it as it is then.
    pub(super) async fn updated(
        &self,
        filter: Doc,
        update: Doc,
        projection: Doc,
        upsert: bool,
    ) -> Result<Option<Doc>, Fault> {
        let asked = self
            .inner
            .find_one_and_update(filter, update)
            .projection(projection)
            .upsert(upsert)
            .return_document(ReturnDocument::After);
        in_time(self.call, asked).await
    }

    /// Puts a document in the place of another and gives the one that was there.
    pub(super) async fn replace(
        &self,
        filter: Doc,
        document: Doc,
        projection: Doc,
    ) -> Result<Option<Doc>, Fault> {
        let asked = self.inner.find_one_and_replace(filter, document).projection(projection).upsert(true);
        in_time(self.call, asked).await
    }

    /// Deletes a document and gives it.
    pub(super) async fn take(&self, filter: Doc, projection: Doc) -> Result<Option<Doc>, Fault> {
        in_time(self.call, self.inner.find_one_and_delete(filter).projection(projection)).await
    }

    /// Deletes a document, found by its id; says whether there was one.
    pub(super) async fn delete(&self, filter: Doc) -> Result<bool, Fault> {
        let asked = self.inner.delete_one(filter).hint(by_id());
        Ok(in_time(self.call, asked).await?.deleted_count > 0)
    }

    /// Deletes all that an index finds; see [`Find`].
    pub(super) async fn delete_all(&self, filter: Doc) -> Result<u64, Fault> {
        Ok(in_time(self.call, self.inner.delete_many(filter)).await?.deleted_count)
    }

    /// The indexes that stand, besides the one of `_id`.
    pub(super) async fn indexes(&self) -> Result<Vec<Built>, Fault> {
        let all = async { self.inner.list_indexes().await?.try_collect::<Vec<IndexModel>>().await };
        let models = match in_time(self.call, all).await {
            Err(Fault::Other(reason)) if reason.contains(&format!("({})", code::NAMESPACE_NOT_FOUND)) => {
                Vec::new()
            }
            other => other?,
        };
        let built = |model: IndexModel| {
            let options = model.options.unwrap_or_default();
            Built {
                name: options.name.unwrap_or_default(),
                keys: model.keys,
                unique: options.unique.unwrap_or(false),
                sparse: options.sparse.unwrap_or(false),
                expires: options.expire_after.map(|time| time.as_secs()),
            }
        };
        Ok(models.into_iter().map(built).filter(|built| built.name != BY_ID).collect())
    }

    pub(super) async fn build(&self, index: Built) -> Result<(), Fault> {
        let options = IndexOptions::builder()
            .name(index.name)
            .unique(index.unique.then_some(true))
            .sparse(index.sparse.then_some(true))
            .expire_after(index.expires.map(Duration::from_secs))
            .build();
        let model = IndexModel::builder().keys(index.keys).options(options).build();
        // a large collection takes its time, and the server goes on if we do not wait
        in_time(self.call * 60, self.inner.create_index(model)).await.map(drop)
    }
}

/// A whole number. A database that came back from a dump as JSON has small ones in 32 bits.
pub(super) fn int(document: &Doc, name: &str) -> Option<i64> {
    match document.get(name) {
        Some(Bson::Int64(number)) => Some(*number),
        Some(Bson::Int32(number)) => Some(i64::from(*number)),
        _ => None,
    }
}

/// That a document is found by its id, whatever else is asked of it.
fn by_id() -> Hint {
    Hint::Name(BY_ID.to_owned())
}

async fn in_time<R>(most: Duration, asked: impl IntoFuture<Output = Result<R, Error>>) -> Result<R, Fault> {
    match tokio::time::timeout(most, asked.into_future()).await {
        Ok(answer) => answer.map_err(|error| Fault::of(&error)),
        Err(_) => Err(Fault::Slow),
    }
}
