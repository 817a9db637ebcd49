//! What an operator reads when the store does not do what was asked.

use super::wire::{Base, Fault};
use crate::{BackplaneError, Trouble};
use bus_core::{Message, msg};

/// What a fault means, and what to do about it.
pub(super) fn told(fault: &Fault, base: &Base) -> BackplaneError {
    about(fault, base.hosts(), base.name())
}

/// The same, before there is a handle.
pub(super) fn about(fault: &Fault, hosts: &str, database: &str) -> BackplaneError {
    match fault {
        Fault::Address(reason) => refused(msg!(
            "the address of MongoDB cannot be read ({reason}): it is written mongodb://user:password@host:27017",
            reason = reason.as_str()
        )),
        Fault::Unreachable(reason) => unavailable(msg!(
            "MongoDB at {hosts} cannot be reached ({reason}): check that it runs, that the address is right and that no firewall stands between",
            hosts = hosts,
            reason = reason.as_str()
        )),
        Fault::Untrusted(reason) => refused(msg!(
            "the certificate of MongoDB at {hosts} is not trusted ({reason}): name the file of its authority in the address (tlsCAFile), and call the server by a name that is in the certificate",
            hosts = hosts,
            reason = reason.as_str()
        )),
        Fault::Credentials(reason) => refused(msg!(
            "MongoDB at {hosts} does not let the user in ({reason}): check name, password and authSource in the address",
            hosts = hosts,
            reason = reason.as_str()
        )),
        Fault::Forbidden(reason) => refused(msg!(
            "MongoDB at {hosts} does not allow this ({reason}): give the user the role readWrite on the database {database}",
            hosts = hosts,
            reason = reason.as_str(),
            database = database
        )),
        Fault::Slow => unavailable(msg!(
            "MongoDB at {hosts} did not answer in time: check its load, its disk and the network",
            hosts = hosts
        )),
        Fault::TooLarge => too_large(),
        Fault::Taken(reason) => BackplaneError::conflict(reason),
        Fault::Other(reason) => {
            refused(msg!("MongoDB at {hosts} refused: {reason}", hosts = hosts, reason = reason.as_str()))
        }
    }
}

/// More than a document of the store can hold.
pub(super) fn too_large() -> BackplaneError {
    refused(msg!("this is larger than the store can hold in one document (16 MB)"))
}

/// What is stored cannot be read.
pub(super) fn corrupt(id: &str) -> BackplaneError {
    BackplaneError::new(Trouble::Corrupt, msg!("the document `{id}` in the store is damaged", id = id))
}

const fn unavailable(message: Message) -> BackplaneError {
    BackplaneError::new(Trouble::Unavailable, message)
}

pub(super) const fn refused(message: Message) -> BackplaneError {
    BackplaneError::new(Trouble::Refused, message)
}
