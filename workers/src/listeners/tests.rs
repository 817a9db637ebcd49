use super::*;
use crate::testing::Node;
use std::time::Duration;

fn wanted() -> Wanted {
    Wanted { trigger: LiveTrigger::default(), labels: Vec::new() }
}

#[tokio::test]
async fn a_listener_that_has_lost_its_lease_says_nothing() {
    let node = Node::new();
    let (store, listeners, time) = (node.store(), Listeners::new(node.store()), Duration::from_secs(15));
    listeners.follow("w", Some(wanted())).await.expect("followed");
    let old = store.lease("listen/w", "old", time).await.expect("asked").expect("free");
    let count = |listener: &mut Listener| listener.runs += 1;
    listeners.change("w", old.token, count).await.expect("the holder");
    node.hand.forward(15_001);
    let new = store.lease("listen/w", "new", time).await.expect("asked").expect("run out");
    assert!(new.token > old.token);
    // until the new one has been here, the old one does no harm
    listeners.change("w", new.token, count).await.expect("the holder");
    let fenced = listeners.change("w", old.token, count).await;
    assert!(matches!(fenced, Err(NotChanged::Lost)), "{fenced:?}");
    let state = listeners.state("w", Language::En).await.expect("read");
    assert_eq!((state.wanted, state.runs), (true, 2));
}

#[tokio::test]
async fn what_is_known_stays_when_a_workflow_is_changed_and_goes_with_it() {
    let node = Node::new();
    let listeners = Listeners::new(node.store());
    listeners.follow("w", Some(wanted())).await.expect("followed");
    listeners.change("w", 7, |listener| listener.messages = 12).await.expect("changed");
    let other = Wanted { labels: vec!["plant".to_owned()], ..wanted() };
    listeners.follow("w", Some(other.clone())).await.expect("followed");
    let all = listeners.all().await.expect("read");
    let [Found { listener, .. }] = all.as_slice() else { unreachable!("{all:?}") };
    assert_eq!((listener.messages, listener.fence, &listener.wanted), (12, 7, &other));
    listeners.follow("w", None).await.expect("followed");
    assert!(listeners.all().await.expect("read").is_empty());
    let gone = listeners.change("w", 8, |_| {}).await;
    assert!(matches!(gone, Err(NotChanged::Gone)), "{gone:?}");
}
