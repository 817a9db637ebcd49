use super::record::{SESSIONS, SessionRecord};
use crate::{App, Problem, documents, documents::Kept, random};
use backplane::{Expect, Query};
use bus_core::api::Time;
use std::time::Duration;

/// A session that was begun.
pub(crate) struct Opened {
    /// What the cookie holds; nothing else knows it.
    pub(crate) token: String,
}

impl Opened {
    /// What a page must send along to show that it is one of ours. Follows from the token, which pages cannot read.
    pub(crate) fn csrf(token: &str) -> String {
        random::hashed(&format!("csrf {token}"))
    }
}

/// The sessions of all accounts.
pub(crate) struct Sessions<'a>(pub(crate) &'a App);

/// Sessions are looked for so many at a time.
const PAGE: usize = 1_000;

impl Sessions<'_> {
    /// Begins a session.
    pub(crate) async fn open(&self, account: &str) -> Result<Opened, Problem> {
        let (now, token) = (self.0.now(), random::token());
        let until = later(now, self.0.settings().accounts.session);
        let record = SessionRecord { account: account.to_owned(), since: now, seen: now, until };
        documents::save(self.0.store(), SESSIONS, &random::hashed(&token), &record, Expect::Absent).await?;
        Ok(Opened { token })
    }

    /// The session of this token, if it has not ended.
    pub(crate) async fn find(&self, token: &str) -> Result<Option<Kept<SessionRecord>>, Problem> {
        let id = random::hashed(token);
        let found = documents::get::<SessionRecord>(self.0.store(), SESSIONS, &id).await?;
        let Some(mut session) = found.filter(|session| !self.has_ended(&session.value)) else {
            return Ok(None);
        };
        let idle = self.0.settings().accounts.idle;
        if later(session.value.seen, idle / 20) < self.0.now() {
            session.value.seen = self.0.now();
            // whoever signs out at the same moment wins
            let expect = Expect::Revision(session.revision);
            let saved = documents::save(self.0.store(), SESSIONS, &id, &session.value, expect).await;
            if saved.is_err() {
                return documents::get(self.0.store(), SESSIONS, &id).await;
            }
        }
        Ok(Some(session))
    }

    fn has_ended(&self, session: &SessionRecord) -> bool {
        let now = self.0.now();
        session.until <= now || later(session.seen, self.0.settings().accounts.idle) <= now
    }

    /// Ends a session.
    pub(crate) async fn close(&self, id: &str) -> Result<(), Problem> {
        Ok(self.0.store().delete(SESSIONS, id, Expect::Anything).await?)
    }

    /// Ends all sessions of an account.
    pub(crate) async fn close_all(&self, account: &str) -> Result<(), Problem> {
        loop {
            let query = Query { limit: PAGE, ..Query::of("account", vec![account.into()]) };
            let found = self.0.store().find(SESSIONS, query).await?;
            for session in &found {
                self.close(&session.id).await?;
            }
            if found.len() < PAGE {
                return Ok(());
            }
        }
    }

    /// Forgets the sessions whose time has passed.
    pub(crate) async fn tidy(&self) -> Result<(), Problem> {
        let until = Some(self.0.now().to_string().as_str().into());
        let query = Query { until, limit: PAGE, ..Query::of("until", Vec::new()) };
        for session in self.0.store().find(SESSIONS, query).await? {
            self.close(&session.id).await?;
        }
        Ok(())
    }
}

/// A moment later.
pub(crate) fn later(time: Time, by: Duration) -> Time {
    Time(time.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
}
