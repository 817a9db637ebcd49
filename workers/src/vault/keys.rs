use crate::BusError;
use bus_core::msg;
use chacha20poly1305::{
    Key, XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// The keys of a vault: the first locks, all unlock, so that a new key can be put before the old one.
pub struct Keys(Vec<OneKey>);

/// A key and what it goes by: eight letters that say nothing about it.
struct OneKey {
    id: String,
    bytes: [u8; KEY_BYTES],
}

impl Drop for OneKey {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl OneKey {
    fn new(bytes: [u8; KEY_BYTES]) -> Self {
        let digest = Sha256::new().chain_update(b"semantic-bus vault key id").chain_update(bytes).finalize();
        let id = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Self { id, bytes }
    }
}

/// A text that is locked, with the key it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Locked {
    pub(super) key: String,
    /// Nonce, then the text, locked.
    pub(super) bytes: Vec<u8>,
}

impl Keys {
    /// A new key, of chance.
    ///
    /// # Errors
    /// If the system gives no chance.
    pub fn random() -> Result<Self, BusError> {
        let mut bytes = [0; KEY_BYTES];
        fill(&mut bytes)?;
        Ok(Self(vec![OneKey::new(bytes)]))
    }

    /// Keys as 64 hexadecimal digits each, apart by blanks, lines or commas; the first one locks.
    ///
    /// # Errors
    /// If a word is no key, or if there is none. The text is not repeated.
    pub fn read(text: &str) -> Result<Self, BusError> {
        let words = text.split(|letter: char| letter.is_whitespace() || letter == ',');
        let keys: Option<Vec<OneKey>> = words.filter(|word| !word.is_empty()).map(one).collect();
        match keys {
            Some(keys) if !keys.is_empty() => Ok(Self(keys)),
            _ => Err(BusError::Refused(msg!(
                "the key of the vault is not 64 hexadecimal digits: `openssl rand -hex 32` makes one"
            ))),
        }
    }

    /// The keys as they are read.
    pub(crate) fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(self.0.len() * (2 * KEY_BYTES + 1)));
        for key in &self.0 {
            for byte in key.bytes {
                for digit in [byte >> 4, byte & 15] {
                    text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
                }
            }
            text.push('\n');
        }
        text
    }

    /// What the key that locks goes by.
    pub(super) fn id(&self) -> &str {
        self.0.first().map_or("", |key| key.id.as_str())
    }

    /// What the keys go by.
    pub(super) fn ids(&self) -> String {
        self.0.iter().map(|key| key.id.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Locks a text; `place` says where it belongs and must be the same when it is unlocked.
    pub(super) fn lock(&self, text: &str, place: &str) -> Result<Locked, BusError> {
        let key = self.0.first().ok_or_else(|| broken("no key"))?;
        let mut nonce = [0; NONCE_BYTES];
        fill(&mut nonce)?;
        let payload = Payload { msg: text.as_bytes(), aad: place.as_bytes() };
        let locked = cipher(key).encrypt(&XNonce::from(nonce), payload);
        let locked = locked.map_err(|_| broken("encryption"))?;
        Ok(Locked { key: key.id.clone(), bytes: [nonce.as_slice(), &locked].concat() })
    }

    /// Unlocks a text; `None` if it was changed or belongs elsewhere.
    ///
    /// # Errors
    /// If none of the keys is the one it was locked with.
    pub(super) fn unlock(&self, locked: &Locked, place: &str) -> Result<Option<Zeroizing<String>>, BusError> {
        let Some(key) = self.0.iter().find(|key| key.id == locked.key) else {
            return Err(self.wrong_key(&locked.key));
        };
        let Some((nonce, bytes)) = locked.bytes.split_first_chunk::<NONCE_BYTES>() else { return Ok(None) };
        let payload = Payload { msg: bytes, aad: place.as_bytes() };
        let Ok(text) = cipher(key).decrypt(&XNonce::from(*nonce), payload) else { return Ok(None) };
        let text = String::from_utf8(text).map_err(|error| error.into_bytes().zeroize());
        Ok(text.ok().map(Zeroizing::new))
    }

    pub(super) fn wrong_key(&self, needed: &str) -> BusError {
        BusError::Refused(msg!(
            "the vault was locked with the key {needed}, and there is only {known}: put the key back where it was (the file `vault.key` of the data folder, or SEMANTIC_BUS_VAULT_KEY); nothing was changed",
            needed = needed,
            known = self.ids()
        ))
    }
}

fn cipher(key: &OneKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(key.bytes))
}

fn one(word: &str) -> Option<OneKey> {
    let digits: Vec<u8> =
        word.chars().map(|digit| digit.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    let mut bytes = [0; KEY_BYTES];
    if digits.len() != 2 * KEY_BYTES {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        *byte = pair.iter().fold(0, |sum, digit| sum << 4 | digit);
    }
    Some(OneKey::new(bytes))
}

fn fill(bytes: &mut [u8]) -> Result<(), BusError> {
    getrandom::fill(bytes).map_err(|error| broken(&error.to_string()))
}

fn broken(reason: &str) -> BusError {
    BusError::Refused(msg!("the vault cannot lock anything here: {reason}", reason = reason))
}
