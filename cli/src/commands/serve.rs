//! The server: everything in one process and one folder, or the front of many workers.

use crate::{
    arguments::ServeArguments,
    exit::{Exit, Failure},
    logs,
    node::{Node, NodeOptions, Place, listen, usual_slots},
    settings,
    signals::interrupted,
    terminal::Terminal,
    traces::{self, Exporter},
};
use bus_core::{Message, msg};
use gateway::{App, Parts, Settings};
use std::{net::SocketAddr, sync::Arc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What a server is told besides what every node is.
struct Front {
    listen: String,
    base_url: Option<String>,
    proxies: Vec<std::net::IpAddr>,
}

/// Serves until the system or the person wants it to end.
pub(crate) fn run(asked: ServeArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let usual = || "127.0.0.1:8080".to_owned();
    let front = Front {
        listen: asked.listen.or_else(|| settings::of("LISTEN")).unwrap_or_else(usual),
        base_url: asked.base_url.or_else(|| settings::of("BASE_URL")),
        proxies: asked.proxies,
    };
    let node = asked.node.read()?;
    let traces = settings::traces().map(|(endpoint, service)| traces::begin(&endpoint, &service));
    let (spans, exporter) = traces.transpose().map_err(Failure::usage)?.unzip();
    logs::begin(node.json_log, &node.level, spans);
    let runtime = workers::runtime(node.threads).map_err(|error| Failure::file("-", &error))?;
    let ended = runtime.block_on(serve(&front, &node, (exporter, terminal)));
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    ended.map(|()| Exit::Done)
}

async fn serve(
    front: &Front,
    asked: &NodeOptions,
    (exporter, terminal): (Option<Exporter>, &Terminal),
) -> Result<(), Failure> {
    let listener = listen(&front.listen).await?;
    let address = listener.local_addr().map_err(|error| Failure::file(&front.listen, &error))?;
    let usual = if asked.place == Place::Alone { usual_slots() } else { 0 };
    let slots = asked.slots.unwrap_or(usual);
    let node = Node::begin(asked, slots).await?;
    if slots == 0 {
        tracing::info!("this server does no tasks itself: workers do (`semantic-bus worker`)");
    }
    let stop = CancellationToken::new();
    let app = App::new(Parts {
        bus: node.bus.clone(),
        store: Arc::clone(&node.store),
        clock: Arc::clone(&node.clock),
        settings: Settings { proxies: front.proxies.clone(), ..asked.limits.front.clone() },
        stop: stop.clone(),
    });
    let (mut sending, sent) = (JoinSet::new(), CancellationToken::new());
    if let Some(exporter) = exporter {
        sending.spawn(exporter.work(sent.clone()));
    }
    let ended = interrupted();
    greet(front.base_url.as_deref(), address, &app, terminal).await?;
    let mut serving = std::pin::pin!(gateway::serve(listener, app.clone()));
    let served = tokio::select! {
        served = serving.as_mut() => served,
        () = ended => {
            tracing::info!("stopping: calls and tasks under way may end");
            stop.cancel();
            serving.await
        }
    };
    drop(app);
    node.end().await;
    // last, with what was traced until now
    sent.cancel();
    while sending.join_next().await.is_some() {}
    tracing::info!("stopped");
    served.map_err(|error| Failure::file(&front.listen, &error))
}

/// Says where the server is, and at the first start how to make the first account.
async fn greet(
    base_url: Option<&str>,
    address: SocketAddr,
    app: &App,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let base = base_url.map_or_else(|| reached(address), |url| url.trim_end_matches('/').to_owned());
    terminal.say(&msg!("Semantic Bus is at {address}", address = &base));
    match app.first_link().await {
        Ok(Some(link)) => terminal.say(&msg!(
            "make the first account with this link, which works once: {link}",
            link = format!("{base}{}", link.link)
        )),
        Ok(None) => {}
        Err(problem) => {
            let message = problem.detail.map_or_else(store_trouble, |detail| *detail);
            return Err(Failure { exit: Exit::File, message });
        }
    }
    Ok(())
}

fn store_trouble() -> Message {
    msg!("the accounts cannot be read: the log says why")
}

/// The address as one writes it into a browser on this machine.
fn reached(address: SocketAddr) -> String {
    let host = if address.ip().is_loopback() || address.ip().is_unspecified() {
        "localhost".to_owned()
    } else if address.is_ipv6() {
        format!("[{}]", address.ip())
    } else {
        address.ip().to_string()
    };
    format!("http://{host}:{}", address.port())
}

#[cfg(test)]
mod tests {
    use super::reached;

    #[test]
    fn an_address_for_a_browser() {
        for (address, shown) in [
            ("127.0.0.1:8080", "http://localhost:8080"),
            ("0.0.0.0:80", "http://localhost:80"),
            ("192.0.2.7:8080", "http://192.0.2.7:8080"),
            ("[2001:db8::1]:8080", "http://[2001:db8::1]:8080"),
        ] {
            assert_eq!(reached(address.parse().expect("an address")), shown);
        }
    }
}
