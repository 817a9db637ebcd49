//! Real servers for tests and chores: RabbitMQ, a server that speaks MongoDB, and Mosquitto.
//!
//! They are installed when they are missing (as root on a Debian-like system, or into a folder below the
//! builds), started on free ports of the loopback address with a folder of their own, and stopped when they
//! are dropped. `AMQP_URI` and `MONGODB_URI` name servers that run already; those are used instead where a
//! test does not have to stop them.

mod certificates;
mod install;
mod mongo;
mod mosquitto;
mod port;
mod process;
mod rabbitmq;

pub use certificates::Certificates;
pub use mongo::{MongoServer, mongodb};
pub use mosquitto::{Mosquitto, Sender};
pub use rabbitmq::{RabbitMq, amqp};

use std::io;

/// What is there, and what must live as long.
#[derive(Debug)]
pub struct There<S> {
    /// Where it is.
    pub uri: String,
    /// The server, if it was started for this.
    pub server: Option<S>,
}

/// The library that puts the clock of a program wrong (`LD_PRELOAD`, `FAKETIME=+1h`), installed if it is missing.
///
/// # Errors
/// If it is not there and cannot be installed.
pub fn wrong_clock() -> io::Result<std::path::PathBuf> {
    let paths =
        ["x86_64", "aarch64"].map(|cpu| format!("/usr/lib/{cpu}-linux-gnu/faketime/libfaketimeMT.so.1"));
    install::package("libfaketime", &paths.each_ref().map(String::as_str))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the servers of the one who runs the tests are named by the environment"
)]
fn named(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|uri| !uri.trim().is_empty())
}

fn failed(what: impl Into<String>) -> io::Error {
    io::Error::other(what.into())
}
