use super::Time;
use crate::Language;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Names an account.
pub type AccountId = String;

/// A password on its way to the server; never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// `GET /session`: who calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// Who is signed in; nobody if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
    /// To be sent as [`super::CSRF_HEADER`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub csrf: String,
    /// Whether no account was made yet: only the one-time link of the console makes the first one.
    pub first_start: bool,
}

/// `POST /session`: signing in; the answer is a [`Session`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The account's e-mail address.
    pub email: String,
    /// Its password.
    pub password: Password,
}

/// `POST /accounts/first` (with the token of the one-time link) and `POST /accounts/accept` (with that of an
/// invitation): a new account; the answer is a [`Session`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstAccount {
    /// The token of the link.
    pub token: String,
    /// What people call its owner.
    pub name: String,
    /// The e-mail address; that of the invitation, if it was one.
    pub email: String,
    /// The password, 12 characters or more.
    pub password: Password,
}

/// `PUT /password`: a new password, with the present one or the token of a reset link; signs out everywhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The present one, of whoever is signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<Password>,
    /// The token of a reset link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The new one.
    pub password: Password,
}

/// An account, as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    /// Names it.
    pub id: AccountId,
    /// What people call its owner.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// Whether it may see to accounts, dead letters and everybody's cache.
    pub administrator: bool,
    /// The language its owner reads.
    #[schemars(with = "String")]
    pub language: Language,
    /// Since when it exists.
    pub since: Time,
}

/// `PATCH /accounts/{id}`: what is to change of an account; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AccountChange {
    /// What people call its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The language its owner reads: `en` or `fr`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub language: Option<Language>,
    /// Whether it is an administrator; only administrators may say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub administrator: Option<bool>,
}

/// `POST /accounts`: an invitation; the answer is a [`OneTimeLink`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// Who is invited.
    pub email: String,
    /// Whether as an administrator.
    #[serde(default)]
    pub administrator: bool,
}

/// A link to be handed over; it works once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OneTimeLink {
    /// The path and token, such as `/accept#…`.
    pub link: String,
    /// Until when it works.
    pub until: Time,
}

/// People who share workflows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// Names it; made by the server, empty when a new one is asked for.
    #[serde(default)]
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its members; those that are added may be given by e-mail address.
    pub members: Vec<AccountId>,
    /// Who may change it.
    #[serde(default)]
    pub owner: AccountId,
}

/// What an API key may be used for. Each includes those above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyScope {
    /// Reading workflows, runs and publications.
    Read,
    /// Starting and cancelling runs, uploading.
    Run,
    /// Changing workflows.
    Write,
}

/// `POST /keys`: a new API key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What it is for.
    pub name: String,
    /// What it may be used for.
    pub scope: KeyScope,
    /// Only these workflows; all of its owner's if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workflows: Vec<String>,
    /// Until when it works; for ever if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
}

/// An API key. Used as `Authorization: Bearer <key>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Key {
    /// Names it.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may be used for.
    pub scope: KeyScope,
    /// Only these workflows; all of its owner's if empty.
    pub workflows: Vec<String>,
    /// Since when it exists.
    pub since: Time,
    /// Until when it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// When it was used last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<Time>,
    /// The key itself: only in the answer that makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A secret of the vault, as everybody sees it: its name, never its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecretName {
    /// What settings call it.
    pub name: String,
    /// When it was set last.
    pub set: Time,
}

/// `PUT /secrets/{name}`: the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretValue {
    /// The value; never given back.
    pub value: Password,
}

/// Who did what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditEntry {
    /// When.
    pub at: Time,
    /// Who: an account, a key, `schedule`, or nobody.
    pub actor: String,
    /// What: the name of an operation of the API, such as `workflow.save`.
    pub action: String,
    /// On what: `workflow/<id>`, `run/<id>`, `account/<id>`, …
    pub object: String,
    /// What else is to be known; never a secret.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}
