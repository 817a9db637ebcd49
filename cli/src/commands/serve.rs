//! The server: everything embedded in one process and one folder.

use crate::{
    arguments::ServeArguments,
    exit::{Exit, Failure},
    logs, settings,
    signals::interrupted,
    terminal::Terminal,
    traces::{self, Exporter},
};
use backplane::{BackplaneError, Broker, Store, Trouble, embedded::Embedded};
use bus_core::{Message, msg};
use connectors::{
    Connectors,
    contract::{Clock, Limits},
    kit::http::{Http, HttpOptions},
};
use gateway::{App, Parts, Settings};
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;
use workers::{Bus, BusError, BusParts, BusSettings, SystemClock, Vault};

/// Serves until the system or the person wants it to end.
pub(crate) fn run(asked: &ServeArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let traces = settings::traces().map(|(endpoint, service)| traces::begin(&endpoint, &service));
    let (spans, exporter) = traces.transpose().map_err(Failure::usage)?.unzip();
    logs::begin(asked.log == "json", &asked.level, spans);
    let runtime = workers::runtime(asked.threads).map_err(|error| Failure::file("-", &error))?;
    let ended = runtime.block_on(serve(asked, exporter, terminal));
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    ended.map(|()| Exit::Done)
}

async fn serve(
    asked: &ServeArguments,
    exporter: Option<Exporter>,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let listener = listen(&asked.listen).await?;
    let address = listener.local_addr().map_err(|error| Failure::file(&asked.listen, &error))?;
    let data = PathBuf::from(&asked.data);
    let embedded = open(&data, &clock)?;
    let bus = bus(asked, &data, &embedded, &clock).await?;
    let stop = CancellationToken::new();
    let app = App::new(Parts {
        bus: bus.clone(),
        store: Arc::new(embedded.clone()),
        clock,
        settings: Settings { proxies: asked.proxies.clone(), ..Settings::default() },
        stop: stop.clone(),
    });
    let mut tasks = JoinSet::new();
    let working = CancellationToken::new();
    let node = (bus.clone(), working.clone());
    tasks.spawn(async move { node.0.work(node.1).await });
    let (mut sending, sent) = (JoinSet::new(), CancellationToken::new());
    if let Some(exporter) = exporter {
        sending.spawn(exporter.work(sent.clone()));
    }
    let ended = interrupted();
    greet(asked, address, &app, terminal).await?;
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
    working.cancel();
    while tasks.join_next().await.is_some() {}
    // last, with what was traced until now
    sent.cancel();
    while sending.join_next().await.is_some() {}
    drop(bus);
    embedded.close().await;
    tracing::info!("stopped");
    served.map_err(|error| Failure::file(&asked.listen, &error))
}

/// The folder of the workflows' files, within the data folder.
const FILES: &str = "files";
/// The folder for what steps spill, within the data folder.
const SCRATCH: &str = "scratch";

async fn listen(address: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let reason = error.to_string();
        let message = msg!("{address} cannot be listened to: {reason}", address = address, reason = reason);
        Failure { exit: Exit::InUse, message }
    })
}

fn open(data: &Path, clock: &Arc<dyn Clock>) -> Result<Embedded, Failure> {
    let clock = Arc::clone(clock);
    Embedded::open(data, Arc::new(move || workers::now(&*clock))).map_err(refused)
}

fn refused(error: BackplaneError) -> Failure {
    let exit = match error.trouble {
        Trouble::Refused | Trouble::Conflict => Exit::InUse,
        Trouble::Unavailable | Trouble::Corrupt => Exit::File,
    };
    Failure { exit, message: error.message }
}

fn troubled(error: &BusError) -> Failure {
    Failure { exit: Exit::File, message: error.message() }
}

async fn bus(
    asked: &ServeArguments,
    data: &Path,
    embedded: &Embedded,
    clock: &Arc<dyn Clock>,
) -> Result<Bus, Failure> {
    for folder in [FILES, SCRATCH] {
        let folder = data.join(folder);
        fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder.to_string_lossy(), &error))?;
    }
    let store: Arc<dyn Store> = Arc::new(embedded.clone());
    let broker: Arc<dyn Broker> = Arc::new(embedded.clone());
    let keys = workers::vault_keys(data).map_err(|error| troubled(&error))?;
    let vault = Vault::open(Arc::clone(&store), Arc::clone(clock), keys).await;
    let vault = vault.map_err(|error| troubled(&error))?;
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    Ok(Bus::new(BusParts {
        node: "embedded".to_owned(),
        broker,
        store,
        clock: Arc::clone(clock),
        find: connectors::connector,
        catalogue: Arc::new(Connectors),
        http: Http::new(HttpOptions { allowed_hosts: asked.allowed_hosts.clone(), ..HttpOptions::default() }),
        limits: Limits::default(),
        folder: data.join(FILES),
        scratch: data.join(SCRATCH),
        slots: asked.slots.unwrap_or(cores * 2),
        settings: BusSettings::default(),
    })
    .with_vault(vault))
}

/// Says where the server is, and at the first start how to make the first account.
async fn greet(
    asked: &ServeArguments,
    address: SocketAddr,
    app: &App,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let base = asked
        .base_url
        .as_deref()
        .map_or_else(|| reached(address), |url| url.trim_end_matches('/').to_owned());
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
