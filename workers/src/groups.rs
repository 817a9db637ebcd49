//! Groups of accounts as the store holds them: what is shared with a group is shared with everybody in it.

use crate::{BusError, Who};
use backplane::{BackplaneError, Collection, Index, Query, Store, Trouble};
use bus_core::{api, api::AccountId, msg};
use serde::{Deserialize, Serialize};

/// Groups, by id.
pub const GROUPS: Collection =
    Collection { name: "groups", indexes: &[Index { name: "name", members: &["name"], unique: false }] };

/// A group as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// What people call it.
    pub name: String,
    /// Who is in it.
    pub members: Vec<AccountId>,
    /// Whose it is; in it as well.
    pub owner: AccountId,
}

impl Group {
    /// Whether an account is in it: its owner is.
    #[must_use]
    pub fn has(&self, account: &str) -> bool {
        self.owner == account || self.members.iter().any(|member| member == account)
    }

    /// The group as the HTTP API says it.
    #[must_use]
    pub fn shown(&self, id: &str) -> api::Group {
        api::Group {
            id: id.to_owned(),
            name: self.name.clone(),
            members: self.members.clone(),
            owner: self.owner.clone(),
        }
    }
}

impl Who {
    /// An account with the groups it is in now.
    ///
    /// # Errors
    /// If the store is in trouble.
    pub async fn known(store: &dyn Store, account: &str) -> Result<Self, BusError> {
        let mut who = Self::account(account);
        let mut query = Query::of("name", Vec::new());
        loop {
            let page = store.find(GROUPS, query.clone()).await?;
            query.after = page.last().cloned().filter(|_| page.len() >= query.limit);
            for document in page {
                let group: Group = document.body.read().map_err(|error| damaged(&error))?;
                if group.has(account) {
                    who.groups.push(document.id);
                }
            }
            if query.after.is_none() {
                return Ok(who);
            }
        }
    }
}

fn damaged(error: &serde_json::Error) -> BusError {
    let problem = msg!("what is stored cannot be read: {problem}", problem = error.to_string());
    BusError::Backplane(BackplaneError::new(Trouble::Corrupt, problem))
}
