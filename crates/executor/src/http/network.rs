//! Networks, and which addresses are not somebody's public server.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An address range such as `10.0.0.0/8`, `::1/128` or the single address `192.168.1.5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

/// A text that is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a network such as `10.0.0.0/8` or `::1/128`")]
pub struct NotANetwork(pub String);

impl Network {
    const fn v4(base: [u8; 4], bits: u8) -> Self {
        Self { base: IpAddr::V4(Ipv4Addr::from_octets(base)), bits }
    }

    const fn v6(base: [u16; 8], bits: u8) -> Self {
        Self { base: IpAddr::V6(Ipv6Addr::from_segments(base)), bits }
    }

    /// Whether the address lies in the network. An IPv4 network also holds its IPv4-mapped addresses.
    pub fn contains(&self, address: IpAddr) -> bool {
        let same = |base: u128, address: u128, width: u32| {
            let host_bits = width.saturating_sub(u32::from(self.bits));
            base.checked_shr(host_bits).unwrap_or(0) == address.checked_shr(host_bits).unwrap_or(0)
        };
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                same(base.to_bits().into(), address.to_bits().into(), 32)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => same(base.to_bits(), address.to_bits(), 128),
            (IpAddr::V4(_), IpAddr::V6(address)) => {
                address.to_ipv4_mapped().is_some_and(|inner| self.contains(inner.into()))
            }
            (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl Network {
    /// Its first and its last address.
    pub fn range(&self) -> (IpAddr, IpAddr) {
        match self.base {
            IpAddr::V4(base) => {
                let hosts = u32::MAX.checked_shr(self.bits.into()).unwrap_or(0);
                let address = |bits| IpAddr::V4(Ipv4Addr::from_bits(bits));
                (address(base.to_bits() & !hosts), address(base.to_bits() | hosts))
            }
            IpAddr::V6(base) => {
                let hosts = u128::MAX.checked_shr(self.bits.into()).unwrap_or(0);
                let address = |bits| IpAddr::V6(Ipv6Addr::from_bits(bits));
                (address(base.to_bits() & !hosts), address(base.to_bits() | hosts))
            }
        }
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let refused = || NotANetwork(dayend_engine::codes::shortened(text));
        let (base, bits) =
            text.split_once('/').map_or((text, None), |(base, bits)| (base, Some(bits)));
        let base: IpAddr = base.parse().map_err(|_| refused())?;
        let width = if base.is_ipv4() { 32 } else { 128 };
        let is_number =
            |bits: &str| !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits = match bits {
            Some(bits) if is_number(bits) => bits.parse().map_err(|_| refused())?,
            Some(_) => return Err(refused()),
            None => width,
        };
        if bits <= width { Ok(Self { base, bits }) } else { Err(refused()) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.base, self.bits)
    }
}

/// Whether the address is loopback, private, link-local, multicast or otherwise no public host's.
pub(crate) fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => SPECIAL.iter().any(|network| network.contains(address)),
        IpAddr::V6(inner) => match embedded(inner) {
            Some(inner) => is_special(inner.into()),
            None => SPECIAL.iter().any(|network| network.contains(address)),
        },
    }
}

/// The IPv4 address that an IPv6 address leads to: IPv4-mapped, NAT64 and 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let bits = address.to_bits();
    let low = u32::try_from(bits & u128::from(u32::MAX)).ok()?;
    let is_in = |network: Network| network.contains(address.into());
    if is_in(Network::v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96))
        || is_in(Network::v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96))
    {
        return Some(Ipv4Addr::from_bits(low));
    }
    if is_in(Network::v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16)) {
        return u32::try_from((bits >> 80) & u128::from(u32::MAX)).ok().map(Ipv4Addr::from_bits);
    }
    None
}

/// The special-purpose registries of IANA, without the ranges that are globally reachable.
const SPECIAL: [Network; 28] = [
    Network::v4([0, 0, 0, 0], 8),
    Network::v4([10, 0, 0, 0], 8),
    Network::v4([100, 64, 0, 0], 10),
    Network::v4([127, 0, 0, 0], 8),
    Network::v4([169, 254, 0, 0], 16),
    Network::v4([172, 16, 0, 0], 12),
    Network::v4([192, 0, 0, 0], 24),
    Network::v4([192, 0, 2, 0], 24),
    Network::v4([192, 88, 99, 0], 24),
    Network::v4([192, 168, 0, 0], 16),
    Network::v4([198, 18, 0, 0], 15),
    Network::v4([198, 51, 100, 0], 24),
    Network::v4([203, 0, 113, 0], 24),
    Network::v4([224, 0, 0, 0], 4),
    Network::v4([240, 0, 0, 0], 4),
    // Unspecified, loopback and the old IPv4-compatible addresses.
    Network::v6([0, 0, 0, 0, 0, 0, 0, 0], 96),
    // Local-use NAT64.
    Network::v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48),
    Network::v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64),
    // Teredo, benchmarking, ORCHID and the rest of the protocol assignments.
    Network::v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    Network::v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    Network::v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
    Network::v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16),
    Network::v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7),
    Network::v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10),
    Network::v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10),
    Network::v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8),
    // IPv4-translated (RFC 2765).
    Network::v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96),
    // Discard-only and dummy prefixes.
    Network::v6([0x100, 0, 0, 1, 0, 0, 0, 0], 64),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_ranges_from_its_first_to_its_last_address() {
        #[rustfmt::skip]
        let cases = [
            ("10.1.2.3/8",    "10.0.0.0",     "10.255.255.255"),
            ("0.0.0.0/0",     "0.0.0.0",      "255.255.255.255"),
            ("192.0.2.7",     "192.0.2.7",    "192.0.2.7"),
            ("2001:db8::/32", "2001:db8::",   "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("::/0",          "::",           "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("::1",           "::1",          "::1"),
        ];
        for (text, first, last) in cases {
            let range = text.parse::<Network>().unwrap().range();
            assert_eq!(range, (first.parse().unwrap(), last.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn only_public_addresses_are_not_special() {
        #[rustfmt::skip]
        let special = [
            "0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.9.9.9", "169.254.169.254", "172.16.0.1",
            "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "203.0.113.9",
            "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1",
            "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::",
            "2002:a9fe:a9fe::1", "2001::1", "2001:db8::1", "fc00::1", "fd12::1", "fe80::1", "fec0::1", "ff02::1",
        ];
        for address in special {
            assert!(is_special(address.parse().unwrap()), "{address}");
        }
        #[rustfmt::skip]
        let public = [
            "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1",
            "198.20.0.1", "223.255.255.255", "2606:4700::1111", "2a00::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1",
        ];
        for address in public {
            assert!(!is_special(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn a_network_holds_exactly_its_addresses() {
        #[rustfmt::skip]
        let cases = [
            ("127.0.0.1/32", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("10.0.0.0/8", "10.255.255.255", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("0.0.0.0/0", "200.1.2.3", true),
            ("127.0.0.0/8", "::ffff:127.0.0.1", true),
            ("127.0.0.0/8", "::1", false),
            ("::1/128", "::1", true),
            ("fd00::/8", "fd12::1", true),
            ("::/0", "127.0.0.1", false),
        ];
        for (network, address, want) in cases {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), want, "{network} {address}");
        }
        for text in [
            "",
            "10.0.0.0/33",
            "::1/129",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0/8",
            "host/8",
            "10.0.0.0/",
            "10.0.0.0/8/8",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
