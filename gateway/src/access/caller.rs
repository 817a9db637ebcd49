use crate::{Kind, Problem, http::answer::Call};
use axum::{extract::FromRequestParts, http::request::Parts};
use bus_core::{
    Language,
    api::{Account, KeyScope, Role},
    msg,
};
use std::{net::IpAddr, sync::Arc};

/// Who calls, and what was found out about it before the handler is asked.
#[derive(Debug, Clone)]
pub struct Caller(pub(super) Arc<Known>);

/// What is known of a caller.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) call: Call,
    pub(super) account: Option<Account>,
    pub(super) means: Means,
    /// The workflow the call is about, and the caller's role on it.
    pub(super) on: Option<(String, Role)>,
}

/// How a caller has shown who it is.
#[derive(Debug, Clone)]
pub(super) enum Means {
    /// Not at all.
    None,
    /// By the cookie of a session.
    Session {
        /// The id of the session.
        id: String,
        /// What its pages send along.
        csrf: String,
    },
    /// By an API key.
    Key { id: String, name: String, scope: KeyScope, workflows: Vec<String> },
}

impl Caller {
    /// The account that calls or whose key does.
    ///
    /// # Errors
    /// If nobody is signed in.
    pub fn account(&self) -> Result<&Account, Problem> {
        self.0.account.as_ref().ok_or_else(|| Problem::new(Kind::SignIn))
    }

    /// The account, where a call is good for everybody.
    #[must_use]
    pub fn known(&self) -> Option<&Account> {
        self.0.account.as_ref()
    }

    /// The language the caller reads.
    #[must_use]
    pub fn language(&self) -> Language {
        let own = self.0.account.as_ref().map(|account| account.language);
        self.0.call.language.or(own).unwrap_or_default()
    }

    /// The address the call comes from.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.0.call.address
    }

    /// Whether the call came by TLS.
    #[must_use]
    pub fn by_tls(&self) -> bool {
        self.0.call.tls
    }

    /// The name of the call in the log.
    #[must_use]
    pub fn request(&self) -> &str {
        &self.0.call.id
    }

    /// The workflow the call is about, where the path names one or a run of one.
    #[must_use]
    pub fn workflow(&self) -> Option<&str> {
        self.0.on.as_ref().map(|(id, _)| id.as_str())
    }

    /// The caller's role on [`Caller::workflow`].
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        self.0.on.as_ref().map(|(_, role)| *role)
    }

    /// Whether the caller's key, if there is one, is good for this workflow: lists leave out the others.
    #[must_use]
    pub fn key_covers(&self, workflow: &str) -> bool {
        match &self.0.means {
            Means::Key { workflows, .. } => {
                workflows.is_empty() || workflows.iter().any(|known| known == workflow)
            }
            Means::None | Means::Session { .. } => true,
        }
    }

    /// Who it is, for the audit: by e-mail address, as people know each other.
    #[must_use]
    pub fn actor(&self) -> String {
        match (&self.0.account, &self.0.means) {
            (None, _) => "nobody".to_owned(),
            (Some(account), Means::Key { id, name, .. }) => format!("{} (key {name}, {id})", account.email),
            (Some(account), _) => account.email.clone(),
        }
    }

    /// The session's id, if there is a session.
    pub(crate) fn session(&self) -> Option<&str> {
        match &self.0.means {
            Means::Session { id, .. } => Some(id),
            Means::None | Means::Key { .. } => None,
        }
    }

    /// What the pages of the session send along.
    pub(crate) fn csrf(&self) -> String {
        match &self.0.means {
            Means::Session { csrf, .. } => csrf.clone(),
            Means::None | Means::Key { .. } => String::new(),
        }
    }

    /// Refuses a key that is not good for this, or at all.
    pub(super) fn check_key(&self, needed: Option<KeyScope>) -> Result<(), Problem> {
        let Means::Key { scope, .. } = &self.0.means else { return Ok(()) };
        match needed {
            None => Err(Problem::of(Kind::Forbidden, msg!("this cannot be done with a key: sign in"))),
            Some(needed) if needed > *scope => {
                Err(Problem::of(Kind::Forbidden, msg!("the key is not good for this: make one that is")))
            }
            Some(_) => Ok(()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Problem::ours(&"a handler outside the route table asks who calls"))
    }
}
