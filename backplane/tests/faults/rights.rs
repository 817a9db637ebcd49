//! The rights that the table in `topology.rs` says are enough.

use super::{LONG, NOW, impatient, message, next};
use backplane::{
    Broker, Pattern, Trouble,
    amqp::{Amqp, AmqpSettings},
};
use std::time::Duration;
use test_servers::RabbitMq;
use tokio::time::{sleep, timeout};

/// Makes a user with the rights of the table, for a prefix.
fn user(broker: &RabbitMq, name: &str, read: &str, prefix: &str) {
    let of = |pattern: &str| pattern.replace('P', &prefix.replace('.', "\\."));
    broker.control(&["add_user", name, "secret"]).expect("a user");
    let configure = of(r"^P\.listen\.");
    let write = of(r"^P\.(work|events|delay\.[0-9]+|listen\..*)$");
    broker.control(&["set_permissions", name, &configure, &write, &of(read)]).expect("rights");
}

pub(super) async fn the_least_are_enough(broker: &RabbitMq) {
    let all = impatient(&broker.uri());
    let least = |name: &str| AmqpSettings {
        uri: broker.uri_as(name, "secret", "%2f"),
        declare: false,
        ..all.clone()
    };
    let worker = r"^P\.(events|listen\..*|[^.]+\.(interactive|batch|heavy|dead))$";
    user(broker, "worker", worker, &all.prefix);
    user(broker, "gateway", r"^P\.(events|listen\..*|[^.]+\.dead)$", &all.prefix);
    broker.control(&["add_user", "nobody", "secret"]).expect("a user");
    broker.control(&["set_permissions", "nobody", "", "", ""]).expect("no rights");

    let worker = Amqp::connect(least("worker")).await.expect("connected");
    let missing = worker.publish("tasks", message("m"), NOW).await.expect_err("nothing is declared");
    assert_eq!(missing.trouble, Trouble::Refused, "{missing}");
    assert!(missing.to_string().contains("load the definitions"), "{missing}");

    // the operator's definitions: here another process has made them
    let operator = Amqp::connect(all.clone()).await.expect("connected");
    operator.publish("tasks", message("late"), Duration::from_millis(90)).await.expect("published");
    drop(operator.listen(Pattern::new("#")).await.expect("listening"));

    let nobody = Amqp::connect(AmqpSettings { declare: true, ..least("nobody") }).await.expect("connected");
    let forbidden = nobody.publish("tasks", message("m"), NOW).await.expect_err("no rights");
    assert_eq!(forbidden.trouble, Trouble::Refused, "{forbidden}");
    assert!(forbidden.to_string().contains("does not allow this to the user nobody"), "{forbidden}");

    let gateway = Amqp::connect(least("gateway")).await.expect("connected");
    let forbidden = gateway.consume("tasks", 1).await.expect_err("a gateway takes no tasks");
    assert_eq!(forbidden.trouble, Trouble::Refused, "{forbidden}");
    let mut heard = gateway.listen(Pattern::new("run.#")).await.expect("listening");
    gateway.publish("tasks", message("m"), NOW).await.expect("published");
    // the late one, too, as soon as the broker has moved it
    timeout(LONG, async {
        while gateway.depth("tasks").await.expect("asked").0 < 2 {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("both are ready");

    let mut consumer = worker.consume("tasks", 1).await.expect("consuming");
    next(&mut consumer).await.nack(Duration::from_millis(90)).await.expect("answered");
    worker.announce("run.w", Vec::new()).await.expect("announced");
    assert!(heard.next().await.is_some());
    for _ in 0..2 {
        next(&mut consumer).await.give_up("no").await.expect("given up");
    }
    assert_eq!(gateway.dead_letters("tasks", 9).await.expect("asked").len(), 2);
    gateway.bury("tasks", "m", true).await.expect("again");
    next(&mut consumer).await.ack().await.expect("acknowledged");
}
