use super::{
    record::{LINKS, LinkRecord, Purpose},
    sessions::later,
};
use crate::{App, Kind, Problem, documents, random};
use backplane::{Expect, Query, Trouble};
use bus_core::{api::OneTimeLink, msg};
use std::time::Duration;

/// One-time links: for the first account, for invitations, for new passwords.
pub(crate) struct Links<'a>(pub(crate) &'a App);

impl Links<'_> {
    /// A new link; those made before for the same address (of the first account: by the same node) do not work
    /// any more.
    pub(crate) async fn make(
        &self,
        purpose: Purpose,
        email_key: String,
        time: Duration,
    ) -> Result<OneTimeLink, Problem> {
        let former = Query::of("email", vec![email_key.as_str().into()]);
        for link in self.0.store().find(LINKS, former).await? {
            self.0.store().delete(LINKS, &link.id, Expect::Anything).await?;
        }
        let page = match purpose {
            Purpose::First => "first",
            Purpose::Invitation { .. } => "accept",
            Purpose::Reset(_) => "reset",
        };
        let (token, until) = (random::token(), later(self.0.now(), time));
        let record = LinkRecord { purpose, email_key, until, used: false };
        documents::save(self.0.store(), LINKS, &random::hashed(&token), &record, Expect::Absent).await?;
        // behind the #: browsers do not send it, so no log has it
        Ok(OneTimeLink { link: format!("/{page}#{token}"), until })
    }

    /// What a token is for, if it still works.
    pub(crate) async fn look(&self, token: &str) -> Result<LinkRecord, Problem> {
        let found = documents::get::<LinkRecord>(self.0.store(), LINKS, &random::hashed(token)).await?;
        let works = found.filter(|link| !link.value.used && link.value.until > self.0.now());
        works.map(|link| link.value).ok_or_else(worn)
    }

    /// Takes the link: of several at once, one gets it.
    pub(crate) async fn take(&self, token: &str) -> Result<(), Problem> {
        let id = random::hashed(token);
        let Some(mut link) = documents::get::<LinkRecord>(self.0.store(), LINKS, &id).await? else {
            return Err(worn());
        };
        if link.value.used || link.value.until <= self.0.now() {
            return Err(worn());
        }
        link.value.used = true;
        let expect = Expect::Revision(link.revision);
        match documents::save(self.0.store(), LINKS, &id, &link.value, expect).await {
            Ok(_) => Ok(self.0.store().delete(LINKS, &id, Expect::Anything).await?),
            Err(error) if error.trouble == Trouble::Conflict => Err(worn()),
            Err(error) => Err(error.into()),
        }
    }

    /// Forgets the links whose time has passed.
    pub(crate) async fn tidy(&self) -> Result<(), Problem> {
        let until = Some(self.0.now().to_string().as_str().into());
        let query = Query { until, ..Query::of("until", Vec::new()) };
        for link in self.0.store().find(LINKS, query).await? {
            self.0.store().delete(LINKS, &link.id, Expect::Anything).await?;
        }
        Ok(())
    }
}

fn worn() -> Problem {
    Problem::of(Kind::Expired, msg!("the link was used already, or its time has passed: ask for a new one"))
}
