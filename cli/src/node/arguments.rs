use crate::{changes::pair, exit::Failure, limits::NodeLimits, settings};
use bus_core::{check::is_label, limits::size, msg};
use clap::Args;
use std::{str::FromStr, time::Duration};

// What every node of the bus is told. (A doc comment would become the help of the command.)
#[derive(Debug, Clone, Args)]
pub(crate) struct NodeArguments {
    /// The folder that holds everything; made if it is not there, semantic-bus-data unless said. Nodes that work together share it.
    #[arg(long, value_name = "FOLDER")]
    data: Option<String>,
    /// The RabbitMQ that takes tasks to workers, such as amqps://worker:password@rabbit/bus; without it, all is done in this process.
    #[arg(long, value_name = "URI")]
    amqp: Option<String>,
    /// The MongoDB that keeps everything, such as mongodb://bus:password@mongo/bus; goes with --amqp.
    #[arg(long, value_name = "URI")]
    mongodb: Option<String>,
    /// How many tasks are done at a time; without it, two a core, and none by a server with --amqp.
    #[arg(long, value_name = "NUMBER")]
    slots: Option<usize>,
    /// What this node can do that others cannot, such as reaching a network: steps name it; several with commas.
    #[arg(long, value_name = "LABELS", value_delimiter = ',')]
    labels: Vec<String>,
    /// The memory that tasks may hold together, such as 512M; a task that does not fit waits.
    #[arg(long, value_name = "SIZE")]
    memory: Option<String>,
    /// About how much of a large source is a task of its own, such as 8M, which it is unless said; a source of less than four such parts is one task.
    #[arg(long, value_name = "SIZE")]
    part: Option<String>,
    /// Seconds until the tasks of a node that has died are given to another, 25 unless said.
    #[arg(long, value_name = "SECONDS")]
    redelivery: Option<u64>,
    /// Seconds that tasks have to finish when the node is stopped, 5 unless said; then they are handed back.
    #[arg(long, value_name = "SECONDS")]
    grace: Option<u64>,
    /// A host of this machine or of a private network that may be called; all of them with `*`; may be repeated.
    #[arg(long = "allow-host", value_name = "HOST")]
    allowed_hosts: Vec<String>,
    /// Another limit, of those listed below; may be repeated.
    #[arg(long = "limit", value_name = "NAME=VALUE")]
    limits: Vec<String>,
    /// How many threads to use; without it, one a core.
    #[arg(long, value_name = "NUMBER")]
    threads: Option<usize>,
    /// The form of the log: text or json.
    #[arg(long, value_name = "FORM", value_parser = ["text", "json"], default_value = "text", hide_default_value = true, hide_possible_values = true)]
    log: String,
    /// How much is logged: error, warn, info or debug; info unless said.
    #[arg(long = "log-level", value_name = "LEVEL", value_parser = ["error", "warn", "info", "debug", "trace"], default_value = "info", hide_default_value = true, hide_possible_values = true)]
    level: String,
}

#[derive(Debug, Args)]
pub(crate) struct WorkerArguments {
    #[command(flatten)]
    pub(crate) node: NodeArguments,
    /// The address where the worker says how it is (/healthz, /readyz, /metrics); without it, nowhere.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct HealthArguments {
    /// The address of a server or worker, such as 127.0.0.1:8080.
    #[arg(value_name = "ADDRESS")]
    pub(crate) address: String,
}

/// Where a node finds the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is alone.
    Alone,
    /// They meet at a broker and a store.
    Shared {
        /// Address of the broker.
        amqp: String,
        /// Address of the store.
        mongodb: String,
    },
}

/// What every node is told, by its arguments or by the environment.
#[derive(Debug, Clone)]
pub(crate) struct NodeOptions {
    pub(crate) place: Place,
    pub(crate) data: String,
    pub(crate) slots: Option<usize>,
    pub(crate) labels: Vec<String>,
    pub(crate) memory: Option<u64>,
    pub(crate) part: Option<u64>,
    pub(crate) redelivery: Option<Duration>,
    pub(crate) grace: Option<Duration>,
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) limits: NodeLimits,
    pub(crate) threads: Option<usize>,
    pub(crate) json_log: bool,
    pub(crate) level: String,
}

impl NodeArguments {
    /// The arguments, with what the environment says where they say nothing (`SEMANTIC_BUS_AMQP` for `--amqp`).
    pub(crate) fn read(self) -> Result<NodeOptions, Failure> {
        let amqp = self.amqp.or_else(|| settings::of("AMQP"));
        let mongodb = self.mongodb.or_else(|| settings::of("MONGODB"));
        let place = match (amqp, mongodb) {
            (None, None) => Place::Alone,
            (Some(amqp), Some(mongodb)) => Place::Shared { amqp, mongodb },
            _ => {
                return Err(Failure::usage(msg!("`--amqp` and `--mongodb` go together: give both, or none")));
            }
        };
        let labels = listed(self.labels, "LABELS");
        if let Some(odd) = labels.iter().find(|label| !is_label(label)) {
            return Err(Failure::usage(msg!("`{label}` cannot be the label of a worker", label = odd)));
        }
        let mut limits = NodeLimits::default();
        for text in listed(self.limits, "LIMIT") {
            let (name, value) = pair(&text, "--limit name=value")?;
            limits.set(&name, &value).map_err(Failure::usage)?;
        }
        let bytes = |given: Option<String>, (argument, name): (&str, &str)| {
            let given = given.or_else(|| settings::of(name));
            given.map(|text| size(&text).ok_or_else(|| wrong(argument, &text))).transpose()
        };
        let seconds = |given: Option<u64>, name| {
            Ok::<_, Failure>(
                given.map_or_else(|| number(name), |given| Ok(Some(given)))?.map(Duration::from_secs),
            )
        };
        Ok(NodeOptions {
            place,
            data: self
                .data
                .or_else(|| settings::of("DATA"))
                .unwrap_or_else(|| "semantic-bus-data".to_owned()),
            slots: self.slots.map_or_else(|| number("SLOTS"), |given| Ok(Some(given)))?,
            labels,
            memory: bytes(self.memory, ("--memory", "MEMORY"))?,
            part: bytes(self.part, ("--part", "PART"))?,
            redelivery: seconds(self.redelivery, "REDELIVERY")?,
            grace: seconds(self.grace, "GRACE")?,
            allowed_hosts: listed(self.allowed_hosts, "ALLOW_HOST"),
            limits,
            threads: self.threads.map_or_else(|| number("THREADS"), |given| Ok(Some(given)))?,
            json_log: self.log == "json",
            level: self.level,
        })
    }
}

/// What was given, or what the environment lists with commas.
fn listed(given: Vec<String>, name: &str) -> Vec<String> {
    if !given.is_empty() {
        return given;
    }
    let text = settings::of(name).unwrap_or_default();
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// A number of the environment.
fn number<T: FromStr>(name: &str) -> Result<Option<T>, Failure> {
    let Some(text) = settings::of(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| wrong(&settings::named(name), &text))
}

fn wrong(name: &str, text: &str) -> Failure {
    Failure::usage(msg!("`{value}` is not possible for `{argument}`", value = text, argument = name))
}
