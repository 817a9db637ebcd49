//! `cargo xtask cluster`: RabbitMQ, a store, gateways and workers, without Docker.

pub(crate) mod bench;
mod many;
pub(crate) mod nodes;
pub(crate) mod process;

use crate::{
    tools::{cargo, run, target},
    ui,
};
use anyhow::Result;
use nodes::{Common, Node};
use std::{fs, path::PathBuf, time::Duration};
use test_servers::{MongoServer, RabbitMq};

/// How the cluster looks.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Servers
    #[arg(long, default_value_t = 2)]
    gateways: u16,
    /// Workers
    #[arg(long, default_value_t = 2)]
    workers: u16,
    /// Tasks that each worker does at a time
    #[arg(long, default_value_t = 2)]
    slots: usize,
    /// The port of the first server; the others have the next ones
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// A RabbitMQ that is there already, instead of one of its own
    #[arg(long)]
    amqp: Option<String>,
    /// A MongoDB that is there already, instead of a small one of its own, which is for trying out only
    #[arg(long)]
    mongodb: Option<String>,
}

/// Builds the editor and the program, starts everything and waits until it is stopped.
#[expect(clippy::print_stdout, reason = "a chore says what it does")]
pub(crate) fn cluster(options: &Options) -> Result<()> {
    ui::ui(&ui::Options::default())?;
    let program = release()?;
    process::hold_signals()?;
    let folder = target().join("cluster");
    if options.mongodb.is_none() {
        // the store begins empty, so what belonged to an earlier one goes
        drop(fs::remove_dir_all(&folder));
    }
    fs::create_dir_all(&folder)?;
    let (rabbit, store) = (
        options.amqp.is_none().then(RabbitMq::start).transpose()?,
        options.mongodb.is_none().then(MongoServer::start).transpose()?,
    );
    let amqp = options.amqp.clone().or_else(|| rabbit.as_ref().map(RabbitMq::uri)).unwrap_or_default();
    let mongodb =
        options.mongodb.clone().or_else(|| store.as_ref().map(MongoServer::uri)).unwrap_or_default();
    println!("RabbitMQ is at {amqp}\nthe store is at {mongodb}");
    let common = Common { program, folder, amqp, mongodb, settings: Vec::new() };
    let mut nodes = started(&common, options)?;
    println!("\nstop it with Ctrl-C; logs are in {}", common.folder.display());
    process::wait_for_the_end()?;
    println!("stopping");
    for node in &mut nodes {
        node.process.stop(Duration::from_secs(20));
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a chore says what it does")]
fn started(common: &Common, options: &Options) -> Result<Vec<Node>> {
    let mut nodes = Vec::new();
    for number in 0..options.gateways {
        let mut node = common.gateway(&format!("gateway-{}", number + 1), options.port + number);
        node.process.start()?;
        node.ready(Duration::from_secs(60))?;
        println!("server {} is at http://localhost:{}", number + 1, node.port);
        // each server that starts makes a new link, and the one before works no more
        if number + 1 == options.gateways
            && let Some(link) = nodes::first_link(node.process.log())
        {
            println!("make the first account: http://localhost:{}/first#{link}", node.port);
        }
        nodes.push(node);
    }
    for number in 0..options.workers {
        let port = options.port + 1_000 + number;
        let mut node = common.worker(&format!("worker-{}", number + 1), port, options.slots)?;
        node.process.start()?;
        node.ready(Duration::from_secs(60))?;
        println!("worker {} says how it is at http://localhost:{port}/metrics", number + 1);
        nodes.push(node);
    }
    Ok(nodes)
}

/// The program, built for speed.
pub(crate) fn release() -> Result<PathBuf> {
    run(
        "compile the program",
        cargo().args(["build", "--release", "--locked", "--package", "semantic-bus"]),
    )?;
    Ok(target().join("release/semantic-bus"))
}
