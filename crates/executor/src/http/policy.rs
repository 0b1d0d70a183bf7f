//! Which hosts a task may reach, decided for the very addresses that the connection then uses.

use crate::http::lookup::Lookups;
use crate::http::network::{Network, is_special};
use crate::settings::Settings;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The rule for addresses.
#[derive(Debug)]
pub(super) struct AddressPolicy {
    allow: Vec<Network>,
    /// The host and port under which this server itself is reached.
    own: Option<(String, u16)>,
    lookups: Lookups,
}

impl AddressPolicy {
    pub(super) fn new(settings: &Settings) -> Self {
        let own = Url::parse(&settings.base_url)
            .ok()
            .and_then(|url| Some((host_of(&url)?, url.port_or_known_default()?)));
        let lookups = Lookups::new(settings.http.lookup);
        Self { allow: settings.http.allow.clone(), own, lookups }
    }

    /// Checks what can be checked before a name is looked up: literal addresses, and this server's own name.
    pub(super) async fn check_url(&self, url: &Url) -> Result<(), String> {
        let host = host_of(url).ok_or("the URL has no host")?;
        let port = url.port_or_known_default().ok_or("the URL has no port")?;
        if self.own.as_ref().is_some_and(|own| *own == (host.clone(), port)) {
            return Err(own_refusal());
        }
        match host.parse::<IpAddr>() {
            Ok(address) => self.check(address, port, &self.own_addresses(port).await),
            Err(_) => Ok(()),
        }
    }

    async fn lookup(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
        let found = self
            .addresses(host)
            .await
            .map_err(|error| format!("the host name cannot be looked up: {error}"))?;
        let own = self.own_addresses(port).await;
        let mut refusal = "the host name has no addresses".to_owned();
        let mut good = Vec::new();
        for address in found.iter().copied() {
            match self.check(address, port, &own) {
                Ok(()) => good.push(SocketAddr::new(address, port)),
                Err(reason) => refusal = reason,
            }
        }
        if good.is_empty() { Err(refusal) } else { Ok(good) }
    }

    fn check(&self, address: IpAddr, port: u16, own_addresses: &[IpAddr]) -> Result<(), String> {
        let address = address.to_canonical();
        let is_own_port = self.own.as_ref().is_some_and(|(_, own_port)| *own_port == port);
        if is_own_port
            && (address.is_loopback()
                || address.is_unspecified()
                || own_addresses.contains(&address))
        {
            return Err(own_refusal());
        }
        let allowed = self.allow.iter().any(|network| network.contains(address));
        if is_special(address) && !allowed {
            return Err(format!(
                "{address} is a private or special address; the administrator can allow it under `[http] allow`"
            ));
        }
        Ok(())
    }

    /// This server's own addresses, if the port is its own.
    async fn own_addresses(&self, port: u16) -> Arc<[IpAddr]> {
        match &self.own {
            Some((host, own_port)) if *own_port == port => {
                self.addresses(host).await.unwrap_or_default()
            }
            Some(_) | None => Arc::default(),
        }
    }

    async fn addresses(&self, host: &str) -> Result<Arc<[IpAddr]>, String> {
        match host.parse::<IpAddr>() {
            Ok(address) => Ok([address.to_canonical()].into()),
            Err(_) => self.lookups.addresses(host).await,
        }
    }
}

fn own_refusal() -> String {
    "the address is this server's own".to_owned()
}

/// The host as the connection will use it: numbers in any notation are addresses by now.
fn host_of(url: &Url) -> Option<String> {
    let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']');
    Some(host.trim_end_matches('.').to_ascii_lowercase())
}

/// Looks up the host of one request, and gives away only addresses that may be reached.
#[derive(Debug)]
pub(super) struct GuardedResolver {
    pub(super) policy: Arc<AddressPolicy>,
    pub(super) port: u16,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, port) = (Arc::clone(&self.policy), self.port);
        Box::pin(async move {
            let addresses = policy.lookup(name.as_str(), port).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dayend_engine::time::Timestamp;
    use std::path::PathBuf;

    fn policy(base_url: &str, allow: &[&str]) -> AddressPolicy {
        let mut settings =
            Settings::new(PathBuf::new(), PathBuf::new(), base_url.to_owned(), [0; 32], || {
                Timestamp(0)
            });
        settings.http.allow = allow.iter().map(|network| network.parse().unwrap()).collect();
        AddressPolicy::new(&settings)
    }

    #[tokio::test]
    async fn private_targets_are_refused_in_every_notation() {
        let policy = policy("https://dayend.example:8443", &[]);
        #[rustfmt::skip]
        let refused = [
            "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://017700000001/",
            "http://0/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::]/", "http://169.254.169.254/latest",
            "http://10.0.0.1/", "http://192.168.1.1/", "http://172.20.0.1/", "http://100.100.100.200/", "http://[fe80::1]/", "http://[fd00::1]/",
            "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://224.0.0.1/", "http://１２７.0.0.1/", "http://127。0。0。1/", "http://127.0.0.1./",
        ];
        for url in refused {
            let parsed = Url::parse(url).unwrap();
            assert!(policy.check_url(&parsed).await.is_err(), "{url} is {parsed}");
        }
        for url in [
            "http://8.8.8.8/",
            "https://[2606:4700::1111]/",
            "https://dayend.example/",
            "http://dayend.example:8080/",
        ] {
            assert_eq!(policy.check_url(&Url::parse(url).unwrap()).await, Ok(()), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_a_private_address_is_refused_when_it_is_looked_up() {
        let closed = policy("https://dayend.example:8443", &[]);
        assert!(closed.lookup("localhost", 80).await.unwrap_err().contains("private"));
        let open = policy("https://dayend.example:8443", &["127.0.0.0/8", "::1"]);
        assert!(
            open.lookup("localhost", 80)
                .await
                .unwrap()
                .iter()
                .all(|address| address.ip().is_loopback())
        );
    }

    #[tokio::test]
    async fn allowing_a_network_never_opens_the_way_to_this_server_itself() {
        let policy = policy("https://localhost:8443", &["127.0.0.0/8", "::1/128"]);
        for url in [
            "https://127.0.0.1:8443/",
            "https://localhost:8443/x",
            "http://127.0.0.2:8443",
            "https://LOCALHOST.:8443/",
            "https://[::1]:8443/",
        ] {
            assert_eq!(
                policy.check_url(&Url::parse(url).unwrap()).await,
                Err(own_refusal()),
                "{url}"
            );
        }
        assert_eq!(policy.lookup("localhost", 8443).await, Err(own_refusal()));
        assert_eq!(policy.check_url(&Url::parse("http://127.0.0.1:9000/").unwrap()).await, Ok(()));
    }
}
