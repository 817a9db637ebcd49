//! Chunks: an entry that says until when and for whom, with the bytes in it if they are few, else in pieces
//! of at most 4 MB beside it.
//!
//! The pieces are written first, under a name that was never used, then the entry is put in the place of the
//! old one in one command: a reader finds the old bytes or the new ones. What a crash leaves between the two
//! goes by its time, like everything here: the server deletes it (TTL index), a reader does not wait for
//! that, and [`sweep`] deletes it, too.

use super::{
    body::{binary, unpack},
    documents::Failed,
    keys,
    trouble::corrupt,
    wire::{Bson, DateTime, Doc, Fault, Find, ObjectId, Table, doc, int},
};
use crate::Chunk;
use lz4_flex::block::compress_prepend_size;

/// The most bytes of a piece.
const PIECE: usize = 4 << 20;
/// How often a chunk is read anew when it is replaced while it is read.
const TRIES: usize = 5;
/// So many bytes are compressed beside the runtime, not on it.
const MUCH: usize = 256 << 10;
/// The last moment that a date of the server can name well: the end of the year 9999.
const LAST: i64 = 253_402_300_799_000;
/// The index by owner and name. It holds all that a list shows, so that listing reads no chunk.
pub(super) const BY_OWNER: &str = "owner";
/// The index by which the server deletes what has outlived its time.
pub(super) const BY_TIME: &str = "expiry";

/// Where chunks stand.
pub(super) struct Shelves {
    pub(super) entries: Table,
    pub(super) pieces: Table,
}

fn date(ms: i64) -> DateTime {
    DateTime::from_millis(ms.min(LAST))
}

/// The bytes, packed if that makes them fewer, and whether it did.
fn pack(bytes: Vec<u8>) -> (Vec<u8>, bool) {
    let packed = compress_prepend_size(&bytes);
    if packed.len() < bytes.len() { (packed, true) } else { (bytes, false) }
}

/// Does it beside the runtime if there is much to do.
async fn beside<R: Send + 'static>(
    size: usize,
    work: impl FnOnce() -> R + Send + 'static,
) -> Result<R, Fault> {
    if size < MUCH {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|error| Fault::Other(error.to_string()))
}

pub(super) async fn put(shelves: &Shelves, chunk: &Chunk, bytes: Vec<u8>) -> Result<(), Fault> {
    let (bytes, packed) = beside(bytes.len(), move || pack(bytes)).await?;
    let until = date(chunk.until);
    let size = i64::try_from(chunk.size).unwrap_or(i64::MAX);
    let mut entry = doc! {
        "_id": &chunk.name, "o": &chunk.owner, "k": keys::owned(&chunk.owner, &chunk.name),
        "s": size, "e": until, "z": packed,
    };
    if bytes.len() <= PIECE {
        entry.insert("d", binary(bytes));
    } else {
        let of = ObjectId::new().to_hex();
        for (number, piece) in bytes.chunks(PIECE).enumerate() {
            let id = piece_id(&of, number);
            shelves.pieces.insert(doc! { "_id": id, "e": until, "d": binary(piece.to_vec()) }).await?;
        }
        let count = i64::try_from(bytes.len().div_ceil(PIECE)).unwrap_or(i64::MAX);
        entry.extend(doc! { "p": of, "n": count });
    }
    let mut tries = 0;
    loop {
        let replaced = shelves
            .entries
            .replace(doc! { "_id": &chunk.name }, entry.clone(), doc! { "p": 1, "n": 1 })
            .await;
        match replaced {
            // two that make the same chunk at the same moment: the second try finds it
            Err(Fault::Taken(_)) if tries < TRIES => tries += 1,
            Err(fault) => return Err(fault),
            Ok(old) => return remove_pieces(shelves, old.as_ref()).await,
        }
    }
}

/// Deletes the pieces of an entry that is not there any more.
async fn remove_pieces(shelves: &Shelves, entry: Option<&Doc>) -> Result<(), Fault> {
    let Some(pieces) = entry.and_then(pieces_of) else { return Ok(()) };
    shelves.pieces.delete_all(doc! { "_id": { "$in": pieces } }).await.map(drop)
}

/// The id of a piece.
fn piece_id(of: &str, number: usize) -> String {
    format!("{of}/{number:06}")
}

/// The ids of all pieces of an entry, if it has any.
fn pieces_of(entry: &Doc) -> Option<Vec<String>> {
    let (of, count) = (entry.get_str("p").ok()?, int(entry, "n")?);
    Some((0..usize::try_from(count).ok()?).map(|number| piece_id(of, number)).collect())
}

pub(super) async fn get(shelves: &Shelves, name: &str, now: i64) -> Result<Option<Vec<u8>>, Failed> {
    for _ in 0..TRIES {
        let Some(mut entry) = shelves.entries.one(doc! { "_id": name }, Doc::new()).await? else {
            return Ok(None);
        };
        if entry.get_datetime("e").map_or(0, |until| until.timestamp_millis()) <= now {
            return Ok(None);
        }
        let bytes = match entry.remove("d") {
            Some(Bson::Binary(inline)) => Some(inline.bytes),
            _ => pieces(shelves, &entry).await?,
        };
        // pieces that are gone: the chunk was replaced meanwhile
        let Some(bytes) = bytes else { continue };
        if !entry.get_bool("z").unwrap_or(false) {
            return Ok(Some(bytes));
        }
        let unpacked = beside(bytes.len(), move || unpack(&bytes)).await?;
        return unpacked.map(Some).ok_or_else(|| corrupt(name).into());
    }
    Err(corrupt(name).into())
}

/// The bytes of all pieces, if all are there.
async fn pieces(shelves: &Shelves, entry: &Doc) -> Result<Option<Vec<u8>>, Fault> {
    let Some(pieces) = pieces_of(entry) else { return Ok(None) };
    let mut bytes = Vec::new();
    for id in pieces {
        let Some(mut piece) = shelves.pieces.one(doc! { "_id": id }, doc! { "d": 1 }).await? else {
            return Ok(None);
        };
        let Some(Bson::Binary(part)) = piece.remove("d") else { return Ok(None) };
        bytes.extend_from_slice(&part.bytes);
    }
    Ok(Some(bytes))
}

pub(super) async fn list(
    shelves: &Shelves,
    owner: &str,
    after: Option<&Chunk>,
    limit: usize,
) -> Result<Vec<Chunk>, Fault> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let mut low = ("$gte", keys::open(owner));
    let high = keys::behind_text(owner);
    if let Some(after) = after {
        let seen = keys::owned(&after.owner, &after.name);
        // one of another owner: everything of this one may come before it or after it
        if seen >= low.1 {
            low = ("$gt", seen);
        }
    }
    if low.1 >= high {
        return Ok(Vec::new());
    }
    let find = Find {
        filter: doc! { "k": { low.0: low.1, "$lt": high } },
        sort: doc! { "k": 1 },
        projection: doc! { "_id": 1, "o": 1, "s": 1, "e": 1 },
        limit,
    };
    let chunk = |entry: Doc| {
        let text = |name: &str| entry.get_str(name).unwrap_or_default().to_owned();
        Chunk {
            name: text("_id"),
            owner: text("o"),
            size: int(&entry, "s").and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
            until: entry.get_datetime("e").map_or(0, |until| until.timestamp_millis()),
        }
    };
    Ok(shelves.entries.many(find).await?.into_iter().map(chunk).collect())
}

pub(super) async fn delete(shelves: &Shelves, name: &str) -> Result<(), Fault> {
    // the entry first: pieces without an entry are nothing, an entry without pieces is a promise not kept
    let entry = shelves.entries.take(doc! { "_id": name }, doc! { "p": 1, "n": 1 }).await?;
    remove_pieces(shelves, entry.as_ref()).await
}

pub(super) async fn sweep(shelves: &Shelves, now: i64) -> Result<u64, Fault> {
    let outlived = doc! { "e": { "$lte": date(now) } };
    let count = shelves.entries.delete_all(outlived.clone()).await?;
    shelves.pieces.delete_all(outlived).await?;
    Ok(count)
}
