//! Who tries to log in, and from where.

use aws_lc_rs::digest;
use std::net::{IpAddr, Ipv6Addr};

/// Of an IPv6 address only the network counts: whoever has one has all addresses in it.
const IPV6_NETWORK: u128 = !0 << 64;

/// Stands for a tenant's user name, whether such a user exists or not.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Account([u8; 32]);

/// One try to log in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Attempt {
    pub(super) account: Account,
    /// None: it does not come over a network.
    pub(super) from: Option<IpAddr>,
}

impl Account {
    /// The account of a name. Names that differ in case are different users: a right guess at one must not free the other.
    pub(crate) fn new(tenant: &str, user_name: &str) -> Self {
        let text = format!("{tenant}\0{user_name}");
        let hash = digest::digest(&digest::SHA256, text.as_bytes());
        Self(hash.as_ref().try_into().expect("a SHA-256 has 32 bytes"))
    }
}

impl Attempt {
    /// A try at this user of the tenant, from this address.
    pub(crate) fn new(tenant: &str, user_name: &str, from: Option<IpAddr>) -> Self {
        Self { account: Account::new(tenant, user_name), from: from.map(network) }
    }
}

/// What counts of an address.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & IPV6_NETWORK)),
        address @ IpAddr::V4(_) => address,
    }
}
