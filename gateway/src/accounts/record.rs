use backplane::{Collection, Index};
use bus_core::{Language, api, api::AccountId, api::KeyScope, api::Time};
use serde::{Deserialize, Serialize};

/// Accounts, by id.
pub(crate) const ACCOUNTS: Collection = Collection {
    name: "accounts",
    indexes: &[
        Index { name: "email", members: &["email_key"], unique: true },
        Index { name: "since", members: &["since"], unique: false },
    ],
};

/// Sessions, by the hash of their token.
pub(crate) const SESSIONS: Collection = Collection {
    name: "sessions",
    indexes: &[
        Index { name: "account", members: &["account", "since"], unique: false },
        Index { name: "until", members: &["until"], unique: false },
    ],
};

/// One-time links, by the hash of their token.
pub(crate) const LINKS: Collection = Collection {
    name: "links",
    indexes: &[
        Index { name: "email", members: &["email_key"], unique: false },
        Index { name: "until", members: &["until"], unique: false },
    ],
};

/// API keys, by id.
pub(crate) const KEYS: Collection = Collection {
    name: "keys",
    indexes: &[Index { name: "owner", members: &["owner", "since"], unique: false }],
};

/// An account as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccountRecord {
    pub(crate) name: String,
    pub(crate) email: String,
    /// The address as it is compared: small letters.
    pub(crate) email_key: String,
    pub(crate) administrator: bool,
    pub(crate) language: Language,
    pub(crate) since: Time,
    /// The hash of the password (PHC string).
    pub(crate) password: String,
}

impl AccountRecord {
    /// What others see of it.
    pub(crate) fn shown(&self, id: &str) -> api::Account {
        api::Account {
            id: id.to_owned(),
            name: self.name.clone(),
            email: self.email.clone(),
            administrator: self.administrator,
            language: self.language,
            since: self.since,
        }
    }
}

/// An e-mail address as it is compared.
pub(crate) fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// A session as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SessionRecord {
    pub(crate) account: AccountId,
    pub(crate) since: Time,
    /// The last call, roughly.
    pub(crate) seen: Time,
    /// When it ends in any case.
    pub(crate) until: Time,
}

/// What a one-time link is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Purpose {
    /// The first account of all, an administrator.
    First,
    /// A new account.
    Invitation {
        /// Whether an administrator.
        administrator: bool,
    },
    /// A new password of this account.
    Reset(AccountId),
}

/// A one-time link as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LinkRecord {
    pub(crate) purpose: Purpose,
    /// For whom; empty for the first account.
    pub(crate) email_key: String,
    pub(crate) until: Time,
    /// It works once: set before it is followed.
    pub(crate) used: bool,
}

/// An API key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyRecord {
    pub(crate) owner: AccountId,
    pub(crate) name: String,
    pub(crate) scope: KeyScope,
    pub(crate) workflows: Vec<String>,
    pub(crate) since: Time,
    pub(crate) until: Option<Time>,
    pub(crate) used: Option<Time>,
    /// The hash of the key.
    pub(crate) hash: String,
}

impl KeyRecord {
    /// What its owner sees of it.
    pub(crate) fn shown(&self, id: &str) -> api::Key {
        api::Key {
            id: id.to_owned(),
            name: self.name.clone(),
            scope: self.scope,
            workflows: self.workflows.clone(),
            since: self.since,
            until: self.until,
            used: self.used,
            key: None,
        }
    }
}
