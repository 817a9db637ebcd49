use super::{
    record::{KEYS, KeyRecord},
    sessions::later,
};
use crate::{App, Problem, documents, documents::Kept, random};
use backplane::{Expect, Query};
use bus_core::api::{Key, NewKey};
use std::time::Duration;
use subtle::ConstantTimeEq;

/// How every key begins, so that people and secret scanners know one when they see it.
const PREFIX: &str = "sbus_";
/// When a key was used last is written down at most so often.
const NOTED: Duration = Duration::from_secs(600);

/// The API keys of all accounts.
pub(crate) struct Keys<'a>(pub(crate) &'a App);

impl Keys<'_> {
    /// A new key; it is shown now and never again.
    pub(crate) async fn make(&self, owner: &str, asked: NewKey) -> Result<Key, Problem> {
        let id = random::text(16);
        let key = format!("{PREFIX}{id}_{}", random::token());
        let record = KeyRecord {
            owner: owner.to_owned(),
            name: asked.name,
            scope: asked.scope,
            workflows: asked.workflows,
            since: self.0.now(),
            until: asked.until,
            used: None,
            hash: random::hashed(&key),
        };
        documents::save(self.0.store(), KEYS, &id, &record, Expect::Absent).await?;
        Ok(Key { key: Some(key), ..record.shown(&id) })
    }

    /// The key that was shown, if it works.
    pub(crate) async fn find(&self, key: &str) -> Result<Option<Kept<KeyRecord>>, Problem> {
        let Some((id, _)) = key.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')) else {
            return Ok(None);
        };
        let found = documents::get::<KeyRecord>(self.0.store(), KEYS, id).await?;
        let hash = random::hashed(key);
        let now = self.0.now();
        let works = |known: &Kept<KeyRecord>| {
            let same = bool::from(known.value.hash.as_bytes().ct_eq(hash.as_bytes()));
            same && known.value.until.is_none_or(|until| until > now)
        };
        let Some(mut found) = found.filter(works) else { return Ok(None) };
        if found.value.used.is_none_or(|used| later(used, NOTED) < now) {
            found.value.used = Some(now);
            // whoever deletes it at the same moment wins
            let expect = Expect::Revision(found.revision);
            if documents::save(self.0.store(), KEYS, id, &found.value, expect).await.is_err() {
                return documents::get(self.0.store(), KEYS, id).await;
            }
        }
        Ok(Some(found))
    }

    /// The keys of an account, oldest first.
    pub(crate) async fn of(&self, owner: &str) -> Result<Vec<Kept<KeyRecord>>, Problem> {
        documents::all(self.0.store(), KEYS, Query::of("owner", vec![owner.into()])).await
    }

    /// Deletes a key, if it is this owner's.
    pub(crate) async fn delete(&self, owner: &str, id: &str) -> Result<bool, Problem> {
        let found = documents::get::<KeyRecord>(self.0.store(), KEYS, id).await?;
        if found.is_none_or(|key| key.value.owner != owner) {
            return Ok(false);
        }
        self.0.store().delete(KEYS, id, Expect::Anything).await?;
        Ok(true)
    }
}
