//! Where the server listens, and the address that callers use.

use std::net::IpAddr;

/// The base URL that `listen` stands for: `port` is the real one, an address for all addresses becomes this machine's name.
pub(super) fn base_url_of(listen: &str, port: u16, plain_http: bool) -> String {
    let scheme = if plain_http { "http" } else { "https" };
    let host = host_of(listen);
    match host.parse::<IpAddr>() {
        Ok(address) if address.is_unspecified() => format!("{scheme}://{}:{port}", machine_name()),
        Ok(IpAddr::V6(address)) => format!("{scheme}://[{address}]:{port}"),
        Ok(IpAddr::V4(_)) | Err(_) => format!("{scheme}://{host}:{port}"),
    }
}

/// The host of `host:port`, without brackets.
pub(super) fn host_of(listen: &str) -> &str {
    let host = listen.rsplit_once(':').map_or(listen, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

/// The port of `host:port`.
pub(super) fn port_of(listen: &str) -> u16 {
    listen.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(0)
}

/// The host of a URL, without brackets.
pub(super) fn host_of_url(url: &str) -> Option<String> {
    let url = reqwest::Url::parse(url).ok()?;
    Some(url.host_str()?.trim_start_matches('[').trim_end_matches(']').to_owned())
}

/// The machine's name, or `localhost` if it has none that fits into a URL.
pub(super) fn machine_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().to_lowercase();
    let fits = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    if fits { name } else { "localhost".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_url_names_a_host_that_callers_can_use() {
        assert_eq!(base_url_of("127.0.0.1:0", 4711, false), "https://127.0.0.1:4711");
        assert_eq!(base_url_of("[::1]:8443", 8443, true), "http://[::1]:8443");
        assert_eq!(base_url_of("db.bank.example:1", 1, false), "https://db.bank.example:1");
        for all in ["0.0.0.0:8443", "[::]:8443"] {
            assert_eq!(base_url_of(all, 8443, false), format!("https://{}:8443", machine_name()));
        }
    }

    #[test]
    fn hosts_and_ports_are_taken_apart() {
        assert_eq!((host_of("[fe80::1]:443"), port_of("[fe80::1]:443")), ("fe80::1", 443));
        assert_eq!((host_of("localhost:80"), port_of("localhost:80")), ("localhost", 80));
        assert_eq!(host_of_url("https://[::1]:8443/a").as_deref(), Some("::1"));
        assert_eq!(host_of_url("https://a.example").as_deref(), Some("a.example"));
    }
}
