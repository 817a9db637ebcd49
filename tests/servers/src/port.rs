//! Ports that stay with a server while it is stopped.

use crate::failed;
use std::{
    fs::{self, File},
    io,
    net::TcpListener,
};

/// Where ports are looked for: below those that systems give to outgoing connections (Linux from 32 768, others
/// from 49 152), one of which would take the port of a server that is just being restarted.
const FIRST: u16 = 20_000;
const PORTS: u16 = 12_000;

/// A port of the loopback addresses that no other process takes through this.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) number: u16,
    /// Locked as long as this lives; the lock of a process that was killed ends with it.
    _lock: File,
}

impl Port {
    /// One that is free.
    pub(crate) fn free() -> io::Result<Self> {
        let locks = std::env::temp_dir().join("semantic-bus-ports");
        fs::create_dir_all(&locks)?;
        // processes that look at the same time begin at different places
        let begin = u16::try_from(std::process::id().wrapping_mul(97) % u32::from(PORTS)).unwrap_or(0);
        (0..PORTS)
            .map(|step| FIRST + (begin + step) % PORTS)
            .find_map(|number| {
                let lock = File::create(locks.join(number.to_string())).ok()?;
                lock.try_lock().ok()?;
                let free = TcpListener::bind(("127.0.0.1", number)).is_ok();
                free.then_some(Self { number, _lock: lock })
            })
            .ok_or_else(|| failed("no port is free"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn nobody_else_gets_a_port_while_its_server_is_stopped() {
        let held: Vec<_> = (0..50).map(|_| Port::free().expect("a port")).collect();
        let numbers: BTreeSet<_> = held.iter().map(|port| port.number).collect();
        assert_eq!(numbers.len(), 50);
        let outgoing = TcpListener::bind("127.0.0.1:0").and_then(|any| any.local_addr()).expect("an address");
        assert!(numbers.iter().all(|number| *number < outgoing.port()), "{numbers:?}, {outgoing}");
    }
}
