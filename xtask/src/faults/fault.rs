//! What can go wrong, and how it is made to.

use super::{Plane, place::Place, proxy::Manner, random::Random};
use crate::cluster::process::pause;
use anyhow::Result;
use std::time::Duration;

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// A worker dies (SIGKILL) and comes back.
    KillWorker,
    /// A server, which also coordinates, dies (SIGKILL) and comes back.
    KillGateway,
    /// A worker is asked to stop, and comes back.
    StopWorker,
    /// A worker stands still for longer than its lease, and goes on as if nothing had happened.
    FreezeWorker,
    /// A server does.
    FreezeGateway,
    /// All connections to the broker are cut: what is out is delivered again, to others and in another order.
    CutBroker,
    /// The broker takes bytes and does not answer.
    HoldBroker,
    /// The broker answers late.
    SlowBroker,
    /// The broker is stopped and started.
    RestartBroker,
    /// All queues of tasks are emptied.
    PurgeQueues,
    /// The broker has too little memory and blocks those who publish.
    MemoryAlarm,
    /// All connections to the store are cut.
    CutStore,
    /// The store does not answer.
    HoldStore,
    /// The store answers late.
    SlowStore,
    /// The store refuses everything.
    RefuseStore,
    /// The store is stopped and started.
    RestartStore,
    /// The clock of a worker jumps, and jumps back.
    ClockJump,
    /// The disk of a node is full.
    FullDisk,
    /// The server that records go to fails, also after it has taken them.
    SinkTrouble,
}

impl Fault {
    /// The faults of a backplane, and how likely each is.
    pub(super) const fn of(plane: Plane) -> &'static [(Self, usize)] {
        match plane {
            Plane::Cluster => &[
                (Self::KillWorker, 12),
                (Self::KillGateway, 8),
                (Self::StopWorker, 6),
                (Self::FreezeWorker, 5),
                (Self::FreezeGateway, 3),
                (Self::CutBroker, 10),
                (Self::HoldBroker, 4),
                (Self::SlowBroker, 4),
                (Self::RestartBroker, 2),
                (Self::PurgeQueues, 3),
                (Self::MemoryAlarm, 2),
                (Self::CutStore, 8),
                (Self::HoldStore, 4),
                (Self::SlowStore, 5),
                (Self::RefuseStore, 6),
                (Self::RestartStore, 4),
                (Self::ClockJump, 4),
                (Self::FullDisk, 5),
                (Self::SinkTrouble, 5),
            ],
            Plane::Embedded => &[
                (Self::KillGateway, 20),
                (Self::FreezeGateway, 5),
                (Self::FullDisk, 5),
                (Self::ClockJump, 4),
                (Self::SinkTrouble, 6),
            ],
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::KillWorker => "kill -9 a worker",
            Self::KillGateway => "kill -9 a server",
            Self::StopWorker => "stop a worker",
            Self::FreezeWorker => "freeze a worker",
            Self::FreezeGateway => "freeze a server",
            Self::CutBroker => "cut connections to the broker",
            Self::HoldBroker => "broker does not answer",
            Self::SlowBroker => "slow broker",
            Self::RestartBroker => "kill and start the broker",
            Self::PurgeQueues => "purge the queues",
            Self::MemoryAlarm => "memory alarm of the broker",
            Self::CutStore => "cut connections to the store",
            Self::HoldStore => "store does not answer",
            Self::SlowStore => "slow store",
            Self::RefuseStore => "store refuses",
            Self::RestartStore => "stop and start the store",
            Self::ClockJump => "clock jumps",
            Self::FullDisk => "full disk",
            Self::SinkTrouble => "sink fails",
        }
    }

    /// Makes it happen; says what has to be mended, and after what time at least.
    pub(super) fn strike(self, place: &mut Place, random: &mut Random) -> Result<Struck> {
        let which = random.below(6);
        let mut most = 1_200;
        match self {
            Self::KillWorker => with(&mut place.workers, which, |node| node.process.kill()),
            Self::KillGateway => with(&mut place.gateways, which, |node| node.process.kill()),
            Self::StopWorker => with(&mut place.workers, which, |node| {
                node.process.stop(Duration::from_secs(8));
            }),
            Self::FreezeWorker => {
                most = 6_000;
                with(&mut place.workers, which, |node| node.process.freeze());
            }
            Self::FreezeGateway => {
                most = 4_000;
                with(&mut place.gateways, which, |node| node.process.freeze());
            }
            Self::CutBroker => place.to_broker.iter().for_each(super::proxy::Proxy::cut),
            Self::HoldBroker => place.to_broker.iter().for_each(|proxy| proxy.set(Manner::Hold)),
            Self::SlowBroker => place.to_broker.iter().for_each(|proxy| proxy.set(Manner::Slow)),
            Self::RestartBroker => place.rabbit.iter_mut().for_each(test_servers::RabbitMq::kill),
            Self::PurgeQueues => purge(place)?,
            Self::MemoryAlarm => alarm(place, "0.0000001")?,
            Self::CutStore => place.to_store.iter().for_each(super::proxy::Proxy::cut),
            Self::HoldStore => place.to_store.iter().for_each(|proxy| proxy.set(Manner::Hold)),
            Self::SlowStore => place.to_store.iter().for_each(|proxy| proxy.set(Manner::Slow)),
            Self::RefuseStore => place.to_store.iter().for_each(|proxy| proxy.set(Manner::Refuse)),
            Self::RestartStore => place.store.iter_mut().for_each(test_servers::MongoServer::stop),
            Self::ClockJump => place.clock.jump(if which.is_multiple_of(2) { 45 } else { -45 })?,
            Self::FullDisk => place.small_disk.iter().for_each(super::place::SmallDisk::fill),
            Self::SinkTrouble => place.sink.set_trouble(true),
        }
        Ok(Struck { fault: self, which, time: random.between(100, most) })
    }
}

fn with<T>(nodes: &mut [T], which: usize, act: impl FnOnce(&mut T)) {
    let number = which % nodes.len().max(1);
    if let Some(node) = nodes.get_mut(number) {
        act(node);
    }
}

/// Makes room.
fn there_is_room(place: &Place) {
    place.small_disk.iter().for_each(super::place::SmallDisk::free);
}

fn again(begun: Option<std::io::Result<()>>) -> Result<()> {
    Ok(begun.transpose().map(drop)?)
}

fn purge(place: &Place) -> Result<()> {
    let Some(rabbit) = &place.rabbit else { return Ok(()) };
    for class in ["interactive", "batch", "heavy"] {
        rabbit.control(&["purge_queue", &format!("semantic-bus.tasks.{class}")])?;
    }
    Ok(())
}

fn alarm(place: &Place, watermark: &str) -> Result<()> {
    if let Some(rabbit) = &place.rabbit {
        rabbit.control(&["set_vm_memory_high_watermark", watermark])?;
    }
    Ok(())
}

/// A fault that has struck.
pub(super) struct Struck {
    pub(super) fault: Fault,
    which: usize,
    /// How long it lasts.
    pub(super) time: Duration,
}

impl Struck {
    /// Mends it.
    pub(super) fn mend(&self, place: &mut Place) -> Result<()> {
        let mut done = Ok(());
        let environment = place.clock.environment(self.which);
        match self.fault {
            Fault::KillWorker | Fault::StopWorker => with(&mut place.workers, self.which, |node| {
                done = node.process.start_with(&environment);
            }),
            Fault::KillGateway => with(&mut place.gateways, self.which, |node| {
                done = node.process.start_with(&environment);
            }),
            Fault::FreezeWorker => with(&mut place.workers, self.which, |node| node.process.thaw()),
            Fault::FreezeGateway => with(&mut place.gateways, self.which, |node| node.process.thaw()),
            Fault::HoldBroker | Fault::SlowBroker => {
                place.to_broker.iter().for_each(|proxy| proxy.set(Manner::Pass));
            }
            Fault::HoldStore | Fault::SlowStore | Fault::RefuseStore => {
                place.to_store.iter().for_each(|proxy| proxy.set(Manner::Pass));
            }
            Fault::RestartBroker => done = again(place.rabbit.as_mut().map(test_servers::RabbitMq::begin)),

            Fault::MemoryAlarm => done = alarm(place, "0.4"),
            Fault::RestartStore => done = again(place.store.as_mut().map(test_servers::MongoServer::begin)),

            Fault::ClockJump => done = place.clock.jump(0),
            Fault::FullDisk => there_is_room(place),
            Fault::SinkTrouble => place.sink.set_trouble(false),
            Fault::CutBroker | Fault::CutStore | Fault::PurgeQueues => {}
        }
        done
    }

    /// Lasts.
    pub(super) fn last(&self) {
        pause(self.time);
    }
}
