//! TLS with an authority of our own, and brokers that have an address of IPv6.

use crate::settings;
use backplane::{
    Broker, Message, Priority, Trouble,
    amqp::{Amqp, AmqpSettings},
};
use std::{
    sync::{Arc, atomic::AtomicI64},
    time::Duration,
};
use test_servers::{Certificates, RabbitMq};
use tokio::time::{Instant, timeout};

const LONG: Duration = Duration::from_secs(60);

fn trusting(uri: &str, authority: &Certificates) -> AmqpSettings {
    let certificates = std::fs::read_to_string(authority.authority()).expect("a certificate");
    let clock = Arc::new(AtomicI64::new(0));
    AmqpSettings { certificates: Some(certificates), start: LONG, ..settings(uri, &clock) }
}

/// A message there and back.
async fn works(settings: AmqpSettings) {
    let node = Amqp::connect(settings).await.expect("connected");
    let message =
        Message { id: "m".to_owned(), version: 1, priority: Priority::Batch, body: vec![7; 300_000] };
    node.publish("tasks", message.clone(), Duration::ZERO).await.expect("published");
    let mut consumer = node.consume("tasks", 1).await.expect("consuming");
    let delivery = timeout(LONG, consumer.next()).await.expect("in time").expect("a delivery");
    assert_eq!(delivery.message, message);
    delivery.ack().await.expect("acknowledged");
    node.close().await;
}

async fn refused(settings: AmqpSettings) -> String {
    let begun = Instant::now();
    let error = Amqp::connect(settings).await.expect_err("refused");
    assert_eq!(error.trouble, Trouble::Refused, "{error}");
    assert!(begun.elapsed() < Duration::from_secs(20), "told at once, not after {:?}", begun.elapsed());
    error.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_go_over_tls_to_who_is_trusted() {
    let (ours, other) = (Certificates::new().expect("made"), Certificates::new().expect("made"));
    let (_broker, four, six) = RabbitMq::secured(&ours).expect("a broker");
    // containers often know no IPv6
    let over_six = six.map_or_else(|| format!("127.0.0.1:{four}"), |six| format!("[::1]:{six}"));
    for host in [&format!("127.0.0.1:{four}"), &format!("localhost:{four}"), &over_six] {
        works(trusting(&format!("amqps://guest:guest@{host}/"), &ours)).await;
    }
    let said = refused(trusting(&format!("amqps://guest:guest@127.0.0.1:{four}/"), &other)).await;
    let begins = format!(
        "the certificate of the message broker at amqps://127.0.0.1:{four} is not trusted (invalid peer certificate"
    );
    assert!(said.starts_with(&begins), "{said}");
    // nobody is trusted but the authorities of the system
    let nobody =
        AmqpSettings { certificates: None, ..trusting(&format!("amqps://guest:guest@{over_six}/"), &ours) };
    let said = refused(nobody).await;
    assert!(said.contains(&format!("at amqps://{over_six} is not trusted")), "{said}");
}
