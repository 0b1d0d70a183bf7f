//! Where a request comes from: the connection's other end, or what a trusted proxy says.

use crate::app::App;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

/// Names the callers of a proxy, the nearest last.
const FORWARDED_FOR: &str = "x-forwarded-for";
/// So many proxies may stand behind each other; what is further away is not looked at.
const PROXIES_MAX: usize = 16;

/// The other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct PeerAddress(pub(super) IpAddr);

/// Addresses from the first to the last, of a proxy that is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyRange {
    pub first: IpAddr,
    pub last: IpAddr,
}

/// The address of whoever asks; none if the request came over no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

impl ClientAddress {
    /// The connection's other end; if that is a trusted proxy, the last address in `X-Forwarded-For` that is none.
    pub(crate) fn of(app: &App, headers: &HeaderMap, extensions: &Extensions) -> Self {
        let peer = extensions.get::<PeerAddress>().map(|peer| peer.0);
        Self(peer.map(|peer| behind_proxies(peer, headers, &app.settings.trusted_proxies)))
    }
}

impl FromRequestParts<App> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self::of(app, &parts.headers, &parts.extensions))
    }
}

fn behind_proxies(peer: IpAddr, headers: &HeaderMap, trusted: &[ProxyRange]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|range| range.contains(address));
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let hops = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.rsplit(','));
    let mut nearest = peer.to_canonical();
    for hop in hops.take(PROXIES_MAX) {
        if !is_trusted(nearest) {
            break;
        }
        // What is behind something unreadable was not written by a proxy of ours.
        let Some(address) = address(hop.trim()) else { break };
        nearest = address;
    }
    nearest
}

/// Some proxies add the port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = || text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let parsed = text.parse().map(|address: SocketAddr| address.ip());
    parsed.or_else(|_| bare().parse()).ok().map(|address: IpAddr| address.to_canonical())
}

impl ProxyRange {
    fn contains(&self, address: IpAddr) -> bool {
        let (first, last) = (self.first.to_canonical(), self.last.to_canonical());
        first.is_ipv4() == address.is_ipv4() && (first..=last).contains(&address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let range = |first: &str, last: &str| ProxyRange {
            first: first.parse().unwrap(),
            last: last.parse().unwrap(),
        };
        let trusted = [range("10.0.0.0", "10.0.0.255"), range("fd00::", "fd00::ffff")];
        #[rustfmt::skip]
        let cases: [(&str, &str, &[&str], &str); 13] = [
            ("nobody in between",           "192.0.2.1", &[],                              "192.0.2.1"),
            ("a stranger says so",          "192.0.2.1", &["198.51.100.1"],                "192.0.2.1"),
            ("a proxy",                     "10.0.0.1",  &["198.51.100.1"],                "198.51.100.1"),
            ("a proxy without a header",    "10.0.0.1",  &[],                              "10.0.0.1"),
            ("what the caller made up",     "10.0.0.1",  &["127.0.0.1, 198.51.100.1"],     "198.51.100.1"),
            ("two proxies",                 "10.0.0.1",  &["198.51.100.1, 10.0.0.2"],      "198.51.100.1"),
            ("a made-up proxy",             "10.0.0.1",  &["10.0.0.9, 198.51.100.1"],      "198.51.100.1"),
            ("two lines",                   "10.0.0.1",  &["127.0.0.1", "198.51.100.1"],   "198.51.100.1"),
            ("something unreadable",        "10.0.0.1",  &["198.51.100.1, unknown"],       "10.0.0.1"),
            ("with a port",                 "10.0.0.1",  &["198.51.100.1:4711"],           "198.51.100.1"),
            ("IPv6 with a port",            "fd00::1",   &["[2001:db8::1]:4711"],          "2001:db8::1"),
            ("IPv6 in brackets",            "fd00::1",   &["[2001:db8::1]"],               "2001:db8::1"),
            ("IPv4 written as IPv6",        "::ffff:10.0.0.1", &["::ffff:198.51.100.1"],   "198.51.100.1"),
        ];
        for (name, peer, lines, want) in cases {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED_FOR, line.parse().unwrap());
            }
            let got = behind_proxies(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!(got, want.parse::<IpAddr>().unwrap(), "{name}");
        }
    }
}
