//! Proves all facts of a part on one server.

use crate::contract::{Node, facts};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use std::panic::AssertUnwindSafe;

/// One thing that must hold.
type Fact = for<'a> fn(&'a Node) -> BoxFuture<'a, ()>;

/// Facts proved at a time.
const AT_A_TIME: usize = 3;

/// The facts of one part, by name.
macro_rules! list {
    ($wanted:ident: $($part:ident { $($fact:ident),* $(,)? })*) => {{
        let mut all: Vec<(&'static str, Fact)> = Vec::new();
        $(if stringify!($part) == $wanted {
            $(all.push((stringify!($fact), |node| Box::pin(crate::contract::$part::$fact(node))));)*
        })*
        all
    }};
}

/// Proves the facts of a part, each on a freshly opened adapter, and fails if one did not hold.
pub(crate) async fn each<F: Future<Output = Node>>(part: &'static str, open: impl Fn() -> F) {
    let all = facts!(list! part:);
    assert!(!all.is_empty(), "there is no part {part}");
    let proofs = all.into_iter().map(|(name, fact)| {
        let node = open();
        async move {
            let node = node.await;
            let begun = std::time::Instant::now();
            let held = AssertUnwindSafe(fact(&node)).catch_unwind().await.is_ok();
            println!("{} {name} ({:?})", if held { "holds" } else { "FAILS" }, begun.elapsed());
            (name, held)
        }
    });
    let proved: Vec<_> = stream::iter(proofs).buffer_unordered(AT_A_TIME).collect().await;
    let failed: Vec<_> = proved.iter().filter(|(_, held)| !held).map(|(name, _)| name).collect();
    assert!(failed.is_empty(), "of {} facts these do not hold: {failed:?}", proved.len());
}
