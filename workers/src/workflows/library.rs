//! The workflows that a document uses as steps, found for whoever it belongs to.

use super::{Workflows, read};
use crate::{BusError, StoredWorkflow, Who};
use backplane::Query;
use bus_core::{
    Message,
    check::{Problem, Whole, check_whole},
    msg,
    workflow::{
        Loaded, Workflow,
        expand::{Found, WORKFLOW_OUTPUT, expand, unknown, uses},
    },
};
use std::collections::BTreeMap;

/// Workflows by the names that documents have for them.
pub(crate) struct Library(BTreeMap<String, Result<Found, Message>>);

impl Library {
    fn find(&self, name: &str) -> Result<Found, Message> {
        self.0.get(name).cloned().unwrap_or_else(|| Err(unknown(name, [])))
    }

    /// Whether records leave the workflow of this name.
    pub(crate) fn gives(&self, name: &str) -> bool {
        let gives = |found: &Found| {
            found.workflow.steps.iter().any(|step| step.connector == WORKFLOW_OUTPUT && !step.disabled)
        };
        self.0.get(name).is_some_and(|found| found.as_ref().is_ok_and(gives))
    }
}

impl Workflows {
    /// What is wrong with a document of this account and with the workflows it uses, and what runs. It may use what
    /// the account may see, by itself or through its groups.
    ///
    /// # Errors
    /// If the store is in trouble.
    pub async fn whole(&self, document: &Workflow, account: &str) -> Result<Whole, BusError> {
        let library = self.library(document, account).await?;
        let loaded = Loaded::from(document.clone());
        Ok(check_whole(&loaded, &*self.catalogue, &mut |_: &str, name: &str| library.find(name)))
    }

    /// What runs of a document: the workflows it uses in their places, and nothing of what is switched off; or why it
    /// cannot be said.
    pub(crate) fn runs(&self, document: &Workflow, library: &Library) -> Result<Workflow, Vec<Problem>> {
        expand(document, &*self.catalogue, &mut |_: &str, name: &str| library.find(name))
    }

    /// The workflows that a document of this account uses, and those that they use.
    pub(crate) async fn library(&self, document: &Workflow, account: &str) -> Result<Library, BusError> {
        let mut library: BTreeMap<String, Result<Found, Message>> = BTreeMap::new();
        let mut waiting: Vec<String> = uses(document).into_iter().map(str::to_owned).collect();
        let who = match waiting.is_empty() {
            true => Who::account(account),
            false => Who::known(&*self.store, account).await?,
        };
        while let Some(name) = waiting.pop() {
            if library.contains_key(&name) {
                continue;
            }
            let found = match self.named(&who, &name).await {
                Ok(found) => {
                    waiting.extend(uses(&found.document).into_iter().map(str::to_owned));
                    Ok(Found { key: found.id, workflow: found.document })
                }
                Err(BusError::Refused(message)) => Err(message),
                Err(BusError::Missing) => Err(unknown(&name, [])),
                Err(error) => return Err(error),
            };
            library.insert(name, found);
        }
        Ok(Library(library))
    }

    /// The workflow that goes by this id or name for `who`; one's own comes before those that others share.
    ///
    /// # Errors
    /// [`BusError::Missing`] if there is none; [`BusError::Refused`] if there are several of that name; if the store
    /// is in trouble.
    pub async fn named(&self, who: &Who, name: &str) -> Result<StoredWorkflow, BusError> {
        match self.get(name).await {
            Ok(workflow) if workflow.role(who).is_some() => return Ok(workflow),
            Ok(_) | Err(BusError::Missing) => {}
            Err(error) => return Err(error),
        }
        let own = vec![who.account.as_str().into(), name.into()];
        let mut found = Vec::new();
        for document in
            self.store.find(super::WORKFLOWS, Query { limit: 10, ..Query::of("name", own) }).await?
        {
            found.extend(read(&document)?);
        }
        if found.is_empty() {
            found = self.shared_with(who, name).await?;
        }
        if found.len() > 1 {
            return Err(BusError::Refused(msg!(
                "there are several workflows named `{name}`: write the id of one",
                name = name
            )));
        }
        found.pop().ok_or(BusError::Missing)
    }

    /// Workflows of others that go by this name for `who`; two are enough to know that it is not clear which.
    async fn shared_with(&self, who: &Who, name: &str) -> Result<Vec<StoredWorkflow>, BusError> {
        let (mut found, mut after) = (Vec::new(), None);
        while found.len() < 2 {
            let page = self.list(who, after.as_deref(), 1_000).await?;
            found.extend(page.items.into_iter().filter(|workflow| workflow.document.name == name));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(found)
    }
}
