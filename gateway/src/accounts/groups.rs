use crate::{App, Problem, documents, documents::Kept, random};
use backplane::{Expect, Query};
use workers::{GROUPS, Group};

/// The groups of all accounts.
pub(crate) struct Groups<'a>(pub(crate) &'a App);

impl Groups<'_> {
    pub(crate) async fn get(&self, id: &str) -> Result<Option<Kept<Group>>, Problem> {
        documents::get(self.0.store(), GROUPS, id).await
    }

    /// All groups an account is in, by name.
    pub(crate) async fn of(&self, account: &str) -> Result<Vec<Kept<Group>>, Problem> {
        let all = documents::all::<Group>(self.0.store(), GROUPS, Query::of("name", Vec::new())).await?;
        Ok(all.into_iter().filter(|group| group.value.has(account)).collect())
    }

    pub(crate) async fn make(&self, record: &Group) -> Result<String, Problem> {
        let id = random::name();
        documents::save(self.0.store(), GROUPS, &id, record, Expect::Absent).await?;
        Ok(id)
    }

    pub(crate) async fn save(&self, group: &Kept<Group>) -> Result<(), Problem> {
        let expect = Expect::Revision(group.revision);
        documents::save(self.0.store(), GROUPS, &group.id, &group.value, expect).await?;
        Ok(())
    }

    pub(crate) async fn delete(&self, id: &str) -> Result<(), Problem> {
        Ok(self.0.store().delete(GROUPS, id, Expect::Anything).await?)
    }

    /// Takes an account out of all groups; those it owns go to `heir`.
    pub(crate) async fn leave(&self, account: &str, heir: &str) -> Result<(), Problem> {
        for mut group in self.of(account).await? {
            group.value.members.retain(|member| member != account);
            if group.value.owner == account {
                heir.clone_into(&mut group.value.owner);
            }
            self.save(&group).await?;
        }
        Ok(())
    }
}
