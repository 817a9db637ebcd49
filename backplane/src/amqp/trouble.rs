//! What an operator reads when the broker does not do what was asked.

use super::wire::{Address, Fault};
use crate::{BackplaneError, Trouble};
use bus_core::{Message, msg};

/// What a fault means, and what to do about it.
pub(super) fn told(fault: &Fault, address: &Address) -> BackplaneError {
    let at = address.to_string();
    match fault {
        Fault::Unreachable(reason) => unavailable(msg!(
            "the message broker at {address} cannot be reached ({reason}): check that it runs, that the address is right and that no firewall stands between",
            address = at,
            reason = reason.as_str()
        )),
        Fault::Untrusted(reason) => refused(msg!(
            "the certificate of the message broker at {address} is not trusted ({reason}): give the certificate of its authority, and call the broker by a name that is in its own",
            address = at,
            reason = reason.as_str()
        )),
        Fault::Credentials => refused(msg!(
            "the message broker at {address} does not let the user {user} in: check the name and the password in the address",
            address = at,
            user = address.user()
        )),
        Fault::Host(reason) => refused(msg!(
            "the message broker at {address} does not open the virtual host {host} to the user {user} ({reason}): make it, or give the user rights on it",
            address = at,
            host = address.host(),
            user = address.user(),
            reason = reason.as_str()
        )),
        Fault::Forbidden(reason) => refused(msg!(
            "the message broker at {address} does not allow this to the user {user} ({reason}): give it the rights to configure, write and read what begins with the prefix",
            address = at,
            user = address.user(),
            reason = reason.as_str()
        )),
        Fault::Different(reason) => refused(msg!(
            "the message broker at {address} has this with other settings ({reason}): delete the old one when it is empty, or choose another prefix",
            address = at,
            reason = reason.as_str()
        )),
        Fault::Missing(reason) => refused(msg!(
            "the message broker at {address} does not have this ({reason}): load the definitions, or let the bus make its queues",
            address = at,
            reason = reason.as_str()
        )),
        Fault::Unrouted | Fault::Refused => unavailable(msg!(
            "the message broker at {address} did not take a message: its queue is full, or was deleted",
            address = at
        )),
        Fault::Gone(reason) => unavailable(msg!(
            "the connection to the message broker at {address} broke ({reason}); it is being made anew",
            address = at,
            reason = reason.as_str()
        )),
        Fault::Invalid(reason) => {
            refused(msg!("a name or an address that AMQP does not allow: {reason}", reason = reason.as_str()))
        }
    }
}

/// The broker takes nothing for now.
pub(super) fn blocked(reason: &str, address: &Address) -> BackplaneError {
    unavailable(msg!(
        "the message broker at {address} takes no messages for now ({reason}): it is short of memory or disk; work goes on when that is mended",
        address = address.to_string(),
        reason = reason
    ))
}

/// The broker did not answer in time.
pub(super) fn slow(address: &Address) -> BackplaneError {
    unavailable(msg!(
        "the message broker at {address} did not answer in time: check its load and the network",
        address = address.to_string()
    ))
}

/// The delivery is not ours any more.
pub(super) fn too_late() -> BackplaneError {
    unavailable(msg!("the connection broke since this message was delivered: it comes again"))
}

/// This node is being closed.
pub(super) fn closed() -> BackplaneError {
    unavailable(msg!("the connection to the message broker is closed"))
}

const fn unavailable(message: Message) -> BackplaneError {
    BackplaneError::new(Trouble::Unavailable, message)
}

const fn refused(message: Message) -> BackplaneError {
    BackplaneError::new(Trouble::Refused, message)
}
