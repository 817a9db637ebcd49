use axum::http::HeaderMap;
use std::net::IpAddr;

/// The other end of the connection, put into each request by the server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Where a call comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The address of whoever calls.
    pub(crate) address: IpAddr,
    /// Whether the call came by TLS.
    pub(crate) tls: bool,
}

/// Where a call comes from; what proxies say counts only if they are known.
pub(crate) fn origin(headers: &HeaderMap, peer: IpAddr, proxies: &[IpAddr]) -> Origin {
    if !proxies.contains(&peer) {
        return Origin { address: peer, tls: false };
    }
    let tls = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme.as_bytes() == b"https");
    Origin { address: forwarded(headers, proxies).unwrap_or(peer), tls }
}

/// The last address in `X-Forwarded-For` that is not one of our proxies: those before it are hearsay.
fn forwarded(headers: &HeaderMap, proxies: &[IpAddr]) -> Option<IpAddr> {
    let all = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let addresses: Vec<IpAddr> =
        all.flat_map(|value| value.split(',')).map_while(|text| text.trim().parse().ok()).collect();
    addresses.into_iter().rev().find(|address| !proxies.contains(address))
}

#[cfg(test)]
mod tests {
    use super::{Origin, origin};
    use axum::http::HeaderMap;
    use std::net::IpAddr;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn headers(forwarded: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", forwarded.parse().expect("a header"));
        headers.insert("x-forwarded-proto", "https".parse().expect("a header"));
        headers
    }

    #[test]
    fn only_known_proxies_are_believed() {
        let said = headers("198.51.100.7");
        let direct = Origin { address: ip("203.0.113.9"), tls: false };
        assert_eq!(origin(&said, ip("203.0.113.9"), &[]), direct);
        let known = [ip("10.0.0.1"), ip("10.0.0.2")];
        let through = Origin { address: ip("198.51.100.7"), tls: true };
        assert_eq!(origin(&said, ip("10.0.0.1"), &known), through);
        assert_eq!(origin(&headers("1.2.3.4, 198.51.100.7, 10.0.0.2"), ip("10.0.0.1"), &known), through);
    }
}
