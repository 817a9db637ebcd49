//! What the faults happen to: processes, services, proxies between them.

use super::{Plane, clock::FalseClock, proxy::Proxy, sink::Sink, work::Kind};
use crate::{
    bench::client::Client,
    cluster::{
        nodes::{self, Common, Node},
        process::until,
    },
    tools::target,
};
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use test_servers::{MongoServer, RabbitMq};

/// Seconds until the tasks of a dead worker are given to another, in these tests.
pub(super) const REDELIVERY: u64 = 4;
/// How long the driver waits for an answer.
const PATIENCE: Duration = Duration::from_secs(4);
/// Memory of a worker: so little that sorting spills.
const MEMORY: &str = "12M";

/// Everything.
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) gateways: Vec<Node>,
    pub(super) workers: Vec<Node>,
    pub(super) rabbit: Option<RabbitMq>,
    pub(super) store: Option<MongoServer>,
    pub(super) to_broker: Option<Proxy>,
    pub(super) to_store: Option<Proxy>,
    pub(super) sink: Sink,
    pub(super) clock: FalseClock,
    /// The small disk of one node, if it could be had.
    pub(super) small_disk: Option<SmallDisk>,
    headers: String,
    pub(super) workflows: BTreeMap<Kind, String>,
}

impl Place {
    /// Starts everything and makes the workflows.
    pub(super) fn start(plane: Plane, program: &Path) -> Result<Self> {
        let folder = target().join(format!("faults/{}", plane.name()));
        drop(SmallDisk::unmount(&folder));
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder)?;
        let mut place = Self {
            folder: folder.clone(),
            gateways: Vec::new(),
            workers: Vec::new(),
            rabbit: None,
            store: None,
            to_broker: None,
            to_store: None,
            sink: Sink::start()?,
            clock: FalseClock::find(&folder)?,
            small_disk: None,
            headers: String::new(),
            workflows: BTreeMap::new(),
        };
        let settings = [
            ("REDELIVERY", REDELIVERY.to_string()),
            ("GRACE", "1".to_owned()),
            ("MEMORY", MEMORY.to_owned()),
        ];
        let mut common = Common {
            program: program.to_owned(),
            folder: folder.clone(),
            amqp: String::new(),
            mongodb: String::new(),
            settings: settings.map(|(name, value)| (format!("SEMANTIC_BUS_{name}"), value)).into(),
        };
        match plane {
            Plane::Cluster => place.start_cluster(&mut common)?,
            Plane::Embedded => {
                place.small_disk = SmallDisk::mount(&folder.join("nodes"), 96);
                place.gateways.push(common.gateway("node", 18_180));
            }
        }
        let Self { gateways, workers, clock, .. } = &mut place;
        for nodes in [gateways, workers] {
            for (which, node) in nodes.iter_mut().enumerate() {
                node.process.start_with(&clock.environment(which))?;
            }
        }
        place.ready(Duration::from_secs(60))?;
        place.sign_up()?;
        Ok(place)
    }

    fn start_cluster(&mut self, common: &mut Common) -> Result<()> {
        let (rabbit, store) = (RabbitMq::start()?, MongoServer::start()?);
        let (broker_port, store_port) = (port_of(&rabbit.uri())?, port_of(&store.uri())?);
        let to_broker = Proxy::start(broker_port)?;
        let to_store = Proxy::start(store_port)?;
        common.amqp = rabbit.uri().replace(&broker_port.to_string(), &to_broker.port.to_string());
        common.mongodb = store.uri().replace(&store_port.to_string(), &to_store.port.to_string());
        (self.rabbit, self.store) = (Some(rabbit), Some(store));
        (self.to_broker, self.to_store) = (Some(to_broker), Some(to_store));
        for number in 0..2 {
            self.gateways.push(common.gateway(&format!("gateway-{}", number + 1), 18_180 + number));
        }
        for number in 0..3 {
            let name = format!("worker-{}", number + 1);
            self.workers.push(common.worker(&name, 18_183 + number, 2)?);
        }
        self.small_disk = SmallDisk::mount(&self.folder.join("worker-1-scratch"), 8);
        Ok(())
    }

    /// Waits until all nodes are ready.
    pub(super) fn ready(&self, most: Duration) -> Result<()> {
        self.gateways.iter().chain(&self.workers).try_for_each(|node| node.ready(most))
    }

    fn sign_up(&mut self) -> Result<()> {
        let gateway = self.gateways.first().context("a server")?;
        let (log, address) = (gateway.process.log().clone(), gateway.address());
        until("a link for the first account", Duration::from_secs(20), || nodes::first_link(&log).is_some())?;
        let token = nodes::first_link(&log).context("a link")?;
        let mut client = Client::patient(&address, "", Duration::from_secs(30))?;
        self.headers = client.first_account(&token)?;
        for kind in Kind::ALL {
            let document = kind.document(self.sink.port);
            let made = client.post("/api/v1/workflows", &json!({ "document": document }))?.json()?;
            if made["summary"]["draft"] == true {
                bail!("{}: {}", kind.name(), made["findings"]);
            }
            let id = made["summary"]["id"].as_str().context("an id")?.to_owned();
            self.workflows.insert(kind, id);
        }
        Ok(())
    }

    /// The folder of the files of a workflow.
    pub(super) fn files(&self, kind: Kind) -> PathBuf {
        let id = self.workflows.get(&kind).map_or("-", String::as_str);
        self.folder.join("nodes/files").join(id)
    }

    /// Asks a server; which one is up to `choice`.
    pub(super) fn client(&self, choice: usize) -> Result<Client> {
        let number = choice % self.gateways.len().max(1);
        let gateway = self.gateways.get(number).context("a server")?;
        Client::patient(&gateway.address(), &self.headers, PATIENCE)
    }

    /// Asks the servers in turn until one answers.
    pub(super) fn asked(&self, path: &str) -> Result<Value> {
        let mut said = anyhow::anyhow!("no server");
        for choice in 0..self.gateways.len() {
            let answer = self.client(choice).and_then(|mut client| client.get(path)?.json());
            match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => said = error,
            }
        }
        Err(said)
    }
}

/// The port of an address.
fn port_of(uri: &str) -> Result<u16> {
    let (_, rest) = uri.rsplit_once(':').context("an address with a port")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().with_context(|| uri.to_owned())
}

/// A file system that is full soon.
pub(super) struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts a small disk over a folder; `None` where that is not allowed.
    fn mount(folder: &Path, megabytes: u32) -> Option<Self> {
        fs::create_dir_all(folder).ok()?;
        let size = format!("size={megabytes}m");
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder);
        let mounted = mount.stderr(std::process::Stdio::null()).status().is_ok_and(|status| status.success());
        mounted.then(|| Self { folder: folder.to_owned() })
    }

    fn filler(&self) -> PathBuf {
        self.folder.join("filler")
    }

    /// Fills it up.
    pub(super) fn fill(&self) {
        use std::io::Write;
        let Ok(mut file) = fs::File::create(self.filler()) else { return };
        let piece = vec![b'x'; 64 << 10];
        while file.write_all(&piece).is_ok() {}
    }

    pub(super) fn free(&self) {
        drop(fs::remove_file(self.filler()));
    }

    /// Unmounts what an earlier run has left in a folder.
    fn unmount(folder: &Path) -> Result<()> {
        for name in ["nodes", "worker-1-scratch"] {
            let mut umount = std::process::Command::new("umount");
            umount.arg(folder.join(name)).stderr(std::process::Stdio::null()).status()?;
        }
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for node in self.gateways.iter_mut().chain(&mut self.workers) {
            node.process.thaw();
            node.process.kill();
        }
        if self.small_disk.take().is_some() {
            drop(SmallDisk::unmount(&self.folder));
        }
    }
}
