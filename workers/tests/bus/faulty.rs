//! A store and a broker that can be taken away, and a broker that loses or doubles what it is given.

use backplane::{
    BackplaneError, Body, Broker, Chunk, Collection, Consumer, DeadLetter, Document, Expect, Lease, Listener,
    Message, Pattern, Query, Revision, Store, Trouble, embedded::Embedded,
};
use bus_core::msg;
use futures::future::BoxFuture;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

/// The real thing, with switches.
#[derive(Clone)]
pub(crate) struct Faulty {
    pub(crate) inner: Embedded,
    switches: Arc<Switches>,
}

#[derive(Default)]
struct Switches {
    store_away: AtomicBool,
    broker_away: AtomicBool,
    broker_mute: AtomicBool,
    loses: AtomicBool,
    doubles: AtomicBool,
    refused: AtomicUsize,
}

impl Faulty {
    pub(crate) fn new(inner: Embedded) -> Self {
        Self { inner, switches: Arc::default() }
    }

    pub(crate) fn store_away(&self, away: bool) {
        self.switches.store_away.store(away, SeqCst);
    }

    pub(crate) fn broker_away(&self, away: bool) {
        self.switches.broker_away.store(away, SeqCst);
    }

    /// Whether the broker says nothing to whoever gives it something, as long as this lasts.
    pub(crate) fn broker_mute(&self, mute: bool) {
        self.switches.broker_mute.store(mute, SeqCst);
    }

    /// Whether the broker forgets what it has confirmed.
    pub(crate) fn loses(&self, loses: bool) {
        self.switches.loses.store(loses, SeqCst);
    }

    /// Whether the broker delivers everything twice.
    pub(crate) fn doubles(&self, doubles: bool) {
        self.switches.doubles.store(doubles, SeqCst);
    }

    /// How many calls were refused so far, since what they were for was away.
    pub(crate) fn refused(&self) -> usize {
        self.switches.refused.load(SeqCst)
    }

    fn store(&self) -> Result<&Embedded, BackplaneError> {
        self.unless(&self.switches.store_away)
    }

    fn broker(&self) -> Result<&Embedded, BackplaneError> {
        self.unless(&self.switches.broker_away)
    }

    /// The broker, for who gives it something.
    async fn given(&self) -> Result<&Embedded, BackplaneError> {
        while self.switches.broker_mute.load(SeqCst) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.broker()
    }

    fn unless(&self, away: &AtomicBool) -> Result<&Embedded, BackplaneError> {
        if !away.load(SeqCst) {
            return Ok(&self.inner);
        }
        self.switches.refused.fetch_add(1, SeqCst);
        Err(BackplaneError::new(Trouble::Unavailable, msg!("{problem}", problem = "away")))
    }
}

impl Broker for Faulty {
    fn publish<'a>(
        &'a self,
        queue: &'a str,
        message: Message,
        delay: Duration,
    ) -> BoxFuture<'a, Result<(), BackplaneError>> {
        Box::pin(async move {
            let broker = self.given().await?;
            if self.switches.loses.load(SeqCst) {
                return Ok(());
            }
            if self.switches.doubles.load(SeqCst) {
                broker.publish(queue, message.clone(), delay + Duration::from_millis(30)).await?;
            }
            broker.publish(queue, message, delay).await
        })
    }

    fn consume<'a>(
        &'a self,
        queue: &'a str,
        prefetch: u16,
    ) -> BoxFuture<'a, Result<Consumer, BackplaneError>> {
        Box::pin(async move { self.broker()?.consume(queue, prefetch).await })
    }

    fn announce<'a>(&'a self, topic: &'a str, body: Vec<u8>) -> BoxFuture<'a, Result<(), BackplaneError>> {
        Box::pin(async move { self.given().await?.announce(topic, body).await })
    }

    fn listen<'a>(&'a self, pattern: Pattern) -> BoxFuture<'a, Result<Listener, BackplaneError>> {
        Box::pin(async move { self.broker()?.listen(pattern).await })
    }

    fn depth<'a>(&'a self, queue: &'a str) -> BoxFuture<'a, Result<(u64, f64), BackplaneError>> {
        Box::pin(async move { self.broker()?.depth(queue).await })
    }

    fn dead_letters<'a>(
        &'a self,
        queue: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<DeadLetter>, BackplaneError>> {
        Box::pin(async move { self.broker()?.dead_letters(queue, limit).await })
    }

    fn bury<'a>(
        &'a self,
        queue: &'a str,
        id: &'a str,
        again: bool,
    ) -> BoxFuture<'a, Result<(), BackplaneError>> {
        Box::pin(async move { self.broker()?.bury(queue, id, again).await })
    }
}

impl Store for Faulty {
    fn get<'a>(
        &'a self,
        collection: Collection,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<Document>, BackplaneError>> {
        Box::pin(async move { self.store()?.get(collection, id).await })
    }

    fn save<'a>(
        &'a self,
        collection: Collection,
        id: &'a str,
        body: Body,
        expect: Expect,
    ) -> BoxFuture<'a, Result<Revision, BackplaneError>> {
        Box::pin(async move { self.store()?.save(collection, id, body, expect).await })
    }

    fn delete<'a>(
        &'a self,
        collection: Collection,
        id: &'a str,
        expect: Expect,
    ) -> BoxFuture<'a, Result<(), BackplaneError>> {
        Box::pin(async move { self.store()?.delete(collection, id, expect).await })
    }

    fn find(
        &self,
        collection: Collection,
        query: Query,
    ) -> BoxFuture<'_, Result<Vec<Document>, BackplaneError>> {
        Box::pin(async move { self.store()?.find(collection, query).await })
    }

    fn lease<'a>(
        &'a self,
        name: &'a str,
        holder: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<Option<Lease>, BackplaneError>> {
        Box::pin(async move { self.store()?.lease(name, holder, time).await })
    }

    fn release(&self, lease: Lease) -> BoxFuture<'_, Result<(), BackplaneError>> {
        Box::pin(async move { self.store()?.release(lease).await })
    }

    fn put_chunk<'a>(
        &'a self,
        name: &'a str,
        owner: &'a str,
        bytes: Vec<u8>,
        time: Duration,
    ) -> BoxFuture<'a, Result<(), BackplaneError>> {
        Box::pin(async move { self.store()?.put_chunk(name, owner, bytes, time).await })
    }

    fn chunk<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, BackplaneError>> {
        Box::pin(async move { self.store()?.chunk(name).await })
    }

    fn chunks<'a>(
        &'a self,
        owner: &'a str,
        after: Option<&'a Chunk>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Chunk>, BackplaneError>> {
        Box::pin(async move { self.store()?.chunks(owner, after, limit).await })
    }

    fn delete_chunk<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), BackplaneError>> {
        Box::pin(async move { self.store()?.delete_chunk(name).await })
    }

    fn sweep(&self) -> BoxFuture<'_, Result<u64, BackplaneError>> {
        Box::pin(async move { self.store()?.sweep().await })
    }
}
