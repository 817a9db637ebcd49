use super::HttpOptions;
use bus_core::{Message, msg};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};
use url::{Host, Url};

/// Why a call is not made.
#[derive(Debug)]
pub(super) struct Refused(pub(super) Message);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refused {}

/// Finds the addresses of a host name; the system's own unless a test says otherwise.
pub trait Names: Send + Sync {
    /// The addresses of `host`.
    ///
    /// # Errors
    /// When there is no such name, or nobody answers.
    fn find(&self, host: &str) -> futures::future::BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's resolver.
pub(super) struct SystemNames;

impl Names for SystemNames {
    fn find(&self, host: &str) -> futures::future::BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let host = (host.to_owned(), 0);
        Box::pin(
            async move { Ok(tokio::net::lookup_host(host).await?.map(|address| address.ip()).collect()) },
        )
    }
}

/// Resolves names for the client: what it gives back is what is connected to, so a name cannot first
/// point outside and then inside.
pub(super) struct GuardedNames {
    pub(super) names: Arc<dyn Names>,
    pub(super) options: Arc<HttpOptions>,
}

impl Resolve for GuardedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let (options, host) = (Arc::clone(&self.options), name.as_str().to_owned());
        let finding = self.names.find(&host);
        Box::pin(async move {
            let found = finding.await?;
            let count = found.len();
            let fine: Vec<SocketAddr> = found
                .iter()
                .filter(|address| options.allows(&host) || !is_inside(**address))
                .map(|address| SocketAddr::new(*address, 0))
                .collect();
            match (fine.is_empty(), count) {
                (true, 0) => Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address").into()),
                (true, _) => Err(Refused(refusal(&host)).into()),
                (false, _) => Ok(Box::new(fine.into_iter()) as Addrs),
            }
        })
    }
}

pub(super) fn refusal(host: &str) -> Message {
    msg!(
        "`{host}` is an address of this machine or of a private network: allow it with `--allow-host {host}` if it is meant",
        host = host
    )
}

/// Checks what can be known of an address before it is called; names are checked when they are resolved.
pub(super) fn check(url: &Url, options: &HttpOptions) -> Result<(), Refused> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Refused(msg!("`{scheme}:` addresses cannot be called", scheme = url.scheme())));
    }
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) => return Ok(()),
        None => return Err(Refused(msg!("the address has no host"))),
    };
    let host = address.to_string();
    if is_inside(address) && !options.allows(&host) { Err(Refused(refusal(&host))) } else { Ok(()) }
}

/// Whether an address may lead to this machine or a private network, or is none of a host at all.
pub(super) fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_inside_v4(address),
        IpAddr::V6(address) => is_inside_v6(address),
    }
}

fn is_inside_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || a == 0
        // shared by carriers (RFC 6598), of protocols (RFC 6890), of benchmarks (RFC 2544), reserved
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || a >= 240
}

fn is_inside_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([w, x], [y, z]) = (high.to_be_bytes(), low.to_be_bytes());
        is_inside_v4(Ipv4Addr::new(w, x, y, z))
    };
    if [a, b, c, d, e] == [0; 5] && (f == 0xffff || f == 0) {
        // mapped (::ffff:1.2.3.4), compatible (::1.2.3.4), and ::1 and :: with them
        return f == 0 || embedded(g, h);
    }
    match (a, b) {
        // translated: 64:ff9b::/96, and 64:ff9b:1::/48 for local use
        (0x64, 0xff9b) => c != 0 || embedded(g, h),
        // 6to4 carries an address of IPv4, Teredo one that is hidden
        (0x2002, _) => embedded(b, c),
        (0x2001, 0 | 0xdb8) => true,
        // discard-only
        (0x100, 0) => true,
        _ => {
            address.is_multicast()
                || (a & 0xfe00) == 0xfc00
                || (a & 0xffc0) == 0xfe80
                || (a & 0xffc0) == 0xfec0
        }
    }
}
