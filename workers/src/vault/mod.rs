//! Secrets, locked: passwords, keys and tokens that settings name and nobody sees again.
//!
//! A value is locked (XChaCha20-Poly1305) before it leaves this module, bound to its owner and name, so that whoever
//! can write to the store cannot give one secret's value to another. What is read for a run is wiped with it.

mod file;
mod keys;

pub(crate) use file::keys_in;
pub use keys::Keys;

use crate::{BusError, now};
use backplane::{BackplaneError, Collection, Document, Expect, Index, IndexValue, Query, Store, Trouble};
use bus_core::{
    api::{Password, SecretName, Time},
    msg,
    workflow::Workflow,
};
use connectors::contract::{Clock, Secrets};
use keys::Locked;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};
use zeroize::Zeroizing;

const SECRETS: Collection = Collection {
    name: "secrets",
    indexes: &[
        Index { name: "owner", members: &["owner", "name"], unique: false },
        Index { name: "key", members: &["key"], unique: false },
    ],
};
/// What tells whether the keys are those of this store.
const SEAL: Collection = Collection { name: "vault", indexes: &[] };
const SEAL_ID: &str = "seal";
const SEALED: &str = "semantic-bus";

const MOST_NAME: usize = 100;
const MOST_VALUE: usize = 64 << 10;

/// A secret as the store holds it.
#[derive(Serialize, Deserialize)]
struct Body {
    form: u32,
    owner: String,
    name: String,
    /// What the key it was locked with goes by.
    key: String,
    /// Nonce and text, locked; in hexadecimal.
    locked: String,
    set: Time,
}

/// The secrets of all accounts. Cheap to clone; shows nothing.
#[derive(Clone)]
pub struct Vault {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    keys: Arc<Keys>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// Opens the vault of this store. A key that is new and stands before the known one becomes the one that locks.
    ///
    /// # Errors
    /// If none of the keys is the one the store's secrets are locked with; if the store is in trouble.
    pub async fn open(store: Arc<dyn Store>, clock: Arc<dyn Clock>, keys: Keys) -> Result<Self, BusError> {
        let vault = Self { store, clock, keys: Arc::new(keys) };
        loop {
            let known = vault.store.get(SEAL, SEAL_ID).await?;
            if let Some(known) = &known {
                let seal = Body::read(known)?;
                vault.unlock(&seal)?;
                if seal.key == vault.keys.id() {
                    break;
                }
            }
            let expect = known.map_or(Expect::Absent, |known| Expect::Revision(known.revision));
            let seal = vault.lock("", SEAL_ID, SEALED)?;
            match vault.store.save(SEAL, SEAL_ID, seal.written(), expect).await {
                Ok(_) => break,
                // another node seals it now: what it wrote decides
                Err(error) if error.trouble == Trouble::Conflict => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(vault)
    }

    /// Locks all secrets with the first key; says how many were locked with another.
    ///
    /// # Errors
    /// If the store is in trouble.
    pub async fn renew(&self) -> Result<usize, BusError> {
        let mut renewed = 0;
        for id in self.keys.ids().split(", ").skip(1) {
            loop {
                let query = Query { limit: 100, ..Query::of("key", vec![IndexValue::from(id)]) };
                let found = self.store.find(SECRETS, query).await?;
                if found.is_empty() {
                    break;
                }
                for document in found {
                    let old = Body::read(&document)?;
                    let new = Body { set: old.set, ..self.lock(&old.owner, &old.name, &self.unlock(&old)?)? };
                    let expect = Expect::Revision(document.revision);
                    match self.store.save(SECRETS, &document.id, new.written(), expect).await {
                        Ok(_) => renewed += 1,
                        // set anew or deleted meanwhile: what stands now is looked at in the next round
                        Err(error) if error.trouble == Trouble::Conflict => {}
                        Err(error) => return Err(error.into()),
                    }
                }
            }
        }
        Ok(renewed)
    }

    /// Keeps a secret; one of the same name is replaced.
    ///
    /// # Errors
    /// If the name or the value is too long or empty; if the store is in trouble.
    pub async fn set(&self, owner: &str, name: &str, value: &Password) -> Result<(), BusError> {
        let odd = |letter: char| letter.is_control() || letter == '/';
        if name.is_empty() || name.chars().count() > MOST_NAME || name.contains(odd) {
            return Err(BusError::Refused(msg!(
                "the name of a secret has 1 to {most} letters, and no `/`",
                most = MOST_NAME
            )));
        }
        if value.0.is_empty() || value.0.len() > MOST_VALUE {
            return Err(BusError::Refused(msg!("a secret has 1 to {most} bytes", most = MOST_VALUE)));
        }
        let body = self.lock(owner, name, &value.0)?;
        self.store.save(SECRETS, &id(owner, name), body.written(), Expect::Anything).await?;
        Ok(())
    }

    /// The names of an account's secrets.
    ///
    /// # Errors
    /// If the store is in trouble.
    pub async fn names(&self, owner: &str) -> Result<Vec<SecretName>, BusError> {
        let found = self.store.find(SECRETS, Query::of("owner", vec![owner.into()])).await?;
        let name = |document: &Document| {
            Body::read(document).map(|body| SecretName { name: body.name, set: body.set })
        };
        found.iter().map(name).collect()
    }

    /// Forgets a secret.
    ///
    /// # Errors
    /// [`BusError::Missing`] if there is none of that name; if the store is in trouble.
    pub async fn delete(&self, owner: &str, name: &str) -> Result<(), BusError> {
        let id = id(owner, name);
        self.store.get(SECRETS, &id).await?.ok_or(BusError::Missing)?;
        Ok(self.store.delete(SECRETS, &id, Expect::Anything).await?)
    }

    /// The secrets that a run of a workflow of this owner may use: those its settings name, loaded once. Steps find
    /// no others, and a name that is not in the vault is for the step to complain about.
    ///
    /// # Errors
    /// If the store is in trouble; if a secret was locked with a key that is not there, or was tampered with.
    pub async fn secrets(
        &self,
        owner: &str,
        workflow: &Workflow,
        parameters: &Map<String, Value>,
    ) -> Result<RunSecrets, BusError> {
        let mut values = BTreeMap::new();
        for name in names_in(workflow, parameters) {
            let Some(document) = self.store.get(SECRETS, &id(owner, &name)).await? else { continue };
            let body = Body::read(&document)?;
            if body.owner != owner || body.name != name {
                return Err(tampered(&document.id));
            }
            values.insert(name, self.unlock(&body)?);
        }
        Ok(RunSecrets(Arc::new(values)))
    }

    fn lock(&self, owner: &str, name: &str, value: &str) -> Result<Body, BusError> {
        let Locked { key, bytes } = self.keys.lock(value, &place(owner, name))?;
        let locked = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let set = Time(now(&*self.clock));
        Ok(Body { form: 1, owner: owner.to_owned(), name: name.to_owned(), key, locked, set })
    }

    fn unlock(&self, body: &Body) -> Result<Zeroizing<String>, BusError> {
        let bytes = body
            .locked
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        let bytes: Option<Vec<u8>> = bytes.collect();
        let locked = Locked { key: body.key.clone(), bytes: bytes.unwrap_or_default() };
        let value = self.keys.unlock(&locked, &place(&body.owner, &body.name))?;
        value.ok_or_else(|| tampered(&body.name))
    }
}

impl Body {
    fn read(document: &Document) -> Result<Self, BusError> {
        document.body.read().map_err(|_| tampered(&document.id))
    }

    fn written(&self) -> backplane::Body {
        // nothing in it can fail to serialise
        backplane::Body::of(self).unwrap_or_default()
    }
}

/// The secrets of one run. Wiped when the last handle goes; shows nothing.
#[derive(Clone, Default)]
pub struct RunSecrets(Arc<BTreeMap<String, Zeroizing<String>>>);

impl Secrets for RunSecrets {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|value| value.to_string())
    }
}

impl fmt::Debug for RunSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RunSecrets")
    }
}

/// The names of secrets in the settings of a workflow: `{ secret: its-name }`.
#[must_use]
pub(crate) fn names_in(workflow: &Workflow, parameters: &Map<String, Value>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for step in &workflow.steps {
        collect(&Workflow::settings(step, parameters), &mut names);
    }
    names
}

fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Object(fields) => {
            if let (1, Some(Value::String(name))) = (fields.len(), fields.get("secret")) {
                names.insert(name.clone());
            }
            fields.values().for_each(|field| collect(field, names));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn id(owner: &str, name: &str) -> String {
    format!("{owner}/{name}")
}

/// What a value is bound to: no two owners and names make the same.
fn place(owner: &str, name: &str) -> String {
    format!("secret {}:{owner} {name}", owner.len())
}

fn tampered(name: &str) -> BusError {
    BusError::Backplane(BackplaneError::new(
        Trouble::Corrupt,
        msg!("the secret `{name}` in the store was damaged or moved: set it again", name = name),
    ))
}

#[cfg(test)]
mod tests;
