use super::record::{ACCOUNTS, AccountRecord, email_key};
use crate::{App, Problem, documents, documents::Kept};
use backplane::{BackplaneError, Expect, Query};

/// The accounts.
pub(crate) struct People<'a>(pub(crate) &'a App);

impl People<'_> {
    pub(crate) async fn get(&self, id: &str) -> Result<Option<Kept<AccountRecord>>, Problem> {
        documents::get(self.0.store(), ACCOUNTS, id).await
    }

    /// The account of an e-mail address.
    pub(crate) async fn by_email(&self, email: &str) -> Result<Option<Kept<AccountRecord>>, Problem> {
        let key = email_key(email);
        let query = Query { limit: 1, ..Query::of("email", vec![key.as_str().into()]) };
        Ok(documents::find(self.0.store(), ACCOUNTS, query).await?.pop())
    }

    /// All accounts, oldest first.
    pub(crate) async fn all(&self) -> Result<Vec<Kept<AccountRecord>>, Problem> {
        documents::all(self.0.store(), ACCOUNTS, Query::of("since", Vec::new())).await
    }

    /// Whether there is no account yet.
    pub(crate) async fn is_empty(&self) -> Result<bool, Problem> {
        let query = Query { limit: 1, ..Query::of("since", Vec::new()) };
        Ok(self.0.store().find(ACCOUNTS, query).await?.is_empty())
    }

    /// Keeps a new account; a conflict if its address has one already.
    pub(crate) async fn make(&self, id: &str, record: &AccountRecord) -> Result<(), BackplaneError> {
        documents::save(self.0.store(), ACCOUNTS, id, record, Expect::Absent).await.map(|_| ())
    }

    pub(crate) async fn save(&self, account: &Kept<AccountRecord>) -> Result<(), Problem> {
        let expect = Expect::Revision(account.revision);
        documents::save(self.0.store(), ACCOUNTS, &account.id, &account.value, expect).await?;
        Ok(())
    }

    pub(crate) async fn delete(&self, id: &str) -> Result<(), Problem> {
        Ok(self.0.store().delete(ACCOUNTS, id, Expect::Anything).await?)
    }
}
