//! The TLS certificate authority of a data directory and the server certificate that it issues.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, SerialNumber,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Ten years.
const AUTHORITY_DAYS: u32 = 3652;
/// Browsers and strict clients refuse more than 397 days.
const SERVER_DAYS: u32 = 396;
/// A certificate that expires within this time is renewed at start.
pub(super) const RENEW_DAYS: u32 = 30;
/// Certificates begin a little in the past, because clients' clocks differ.
const BACKDATED: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// What went wrong with keys or certificates.
#[derive(Debug, thiserror::Error)]
pub(super) enum AuthorityError {
    #[error("the certificate could not be made: {0}")]
    Issue(#[from] rcgen::Error),
    #[error("not a PEM file with what is expected in it: {0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
    #[error("{0}")]
    Tls(#[from] rustls::Error),
    #[error("the file holds no certificate")]
    Empty,
}

/// The private certificate authority of one data directory.
pub(super) struct Authority {
    key: KeyPair,
    params: CertificateParams,
}

/// The names and addresses under which clients reach the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServerNames {
    pub(super) dns: Vec<String>,
    pub(super) addresses: Vec<IpAddr>,
}

impl ServerNames {
    /// The loopback names, this machine's name, and `more`, each once; what is no DNS name is left out.
    pub(super) fn of_this_machine(more: &[&str]) -> Self {
        let mut names = Self {
            dns: Vec::new(),
            addresses: vec![IpAddr::from([127, 0, 0, 1]), "::1".parse().expect("an address")],
        };
        let nodename = rustix::system::uname().nodename().to_string_lossy().to_lowercase();
        for name in ["localhost", nodename.as_str()].into_iter().chain(more.iter().copied()) {
            names.add(name);
        }
        names
    }

    fn add(&mut self, name: &str) {
        let name = name.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = name.parse::<IpAddr>() {
            if !address.is_unspecified() && !self.addresses.contains(&address) {
                self.addresses.push(address);
            }
        } else if matches!(ServerName::try_from(name), Ok(ServerName::DnsName(_)))
            && !self.dns.iter().any(|known| known.eq_ignore_ascii_case(name))
        {
            self.dns.push(name.to_ascii_lowercase());
        }
    }

    fn subject_alt_names(&self) -> Result<Vec<SanType>, rcgen::Error> {
        let dns = self.dns.iter().map(|name| Ok(SanType::DnsName(name.as_str().try_into()?)));
        dns.chain(self.addresses.iter().map(|address| Ok(SanType::IpAddress(*address)))).collect()
    }

    fn server_names(&self) -> impl Iterator<Item = ServerName<'static>> {
        let dns = self.dns.iter().filter_map(|name| ServerName::try_from(name.clone()).ok());
        dns.chain(self.addresses.iter().map(|address| ServerName::IpAddress((*address).into())))
    }
}

impl Authority {
    /// Makes a new authority; its certificate comes with it.
    pub(super) fn create(now: Duration) -> Result<(Self, String), AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut authority = Self::with_key(key);
        authority.params.serial_number = Some(random_serial());
        valid_for(&mut authority.params, now, AUTHORITY_DAYS);
        let certificate = authority.params.self_signed(&authority.key)?;
        Ok((authority, certificate.pem()))
    }

    /// The authority whose key this is.
    pub(super) fn from_key_pem(pem: &str) -> Result<Self, AuthorityError> {
        Ok(Self::with_key(KeyPair::from_pem(pem)?))
    }

    /// The private key, to be kept.
    pub(super) fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// Issues the server's certificate for `key`, the PEM of a private key.
    pub(super) fn issue(
        &self,
        names: &ServerNames,
        key_pem: &str,
        now: Duration,
    ) -> Result<String, AuthorityError> {
        let key = KeyPair::from_pem(key_pem)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = named("dayend server");
        params.subject_alt_names = names.subject_alt_names()?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        // The key is kept over renewals, so the serial number must not be derived from it.
        params.serial_number = Some(random_serial());
        valid_for(&mut params, now, SERVER_DAYS);
        let issuer = Issuer::from_params(&self.params, &self.key);
        Ok(params.signed_by(&key, &issuer)?.pem())
    }

    /// The subject is derived from the key, so that the key alone is enough to issue again under the same name,
    /// and two data directories never have authorities of one name.
    fn with_key(key: KeyPair) -> Self {
        let mut params = CertificateParams::default();
        let identifier = params.key_identifier(&key);
        let short =
            identifier.iter().take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        params.distinguished_name = named(&format!("Dayend CA {short:08x}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Self { key, params }
    }
}

/// Makes a private key for a server certificate, in PEM.
pub(super) fn new_key_pem() -> Result<String, AuthorityError> {
    Ok(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?.serialize_pem())
}

/// Whether a strict client that trusts only `ca_pem` accepts the certificate under all names, now and for
/// [`RENEW_DAYS`] more.
pub(super) fn is_good(
    ca_pem: &str,
    cert_pem: &str,
    key_pem: &str,
    names: &ServerNames,
    now: Duration,
) -> bool {
    let verified = || -> Result<(), AuthorityError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let chain = check_pair(cert_pem, key_pem)?;
        let (leaf, intermediates) = chain.split_first().ok_or(AuthorityError::Empty)?;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes())?)?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        let until = now + DAY * RENEW_DAYS;
        for name in names.server_names() {
            for at in [now, until] {
                verifier.verify_server_cert(
                    leaf,
                    intermediates,
                    &name,
                    &[],
                    UnixTime::since_unix_epoch(at),
                )?;
            }
        }
        Ok(())
    };
    verified().is_ok()
}

/// The chain, the server's own certificate first, if that one belongs to the key.
pub(super) fn check_pair(
    cert_pem: &str,
    key_pem: &str,
) -> Result<Vec<CertificateDer<'static>>, AuthorityError> {
    let chain: Vec<_> =
        CertificateDer::pem_slice_iter(cert_pem.as_bytes()).collect::<Result<_, _>>()?;
    if chain.is_empty() {
        return Err(AuthorityError::Empty);
    }
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes())?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    rustls::sign::CertifiedKey::from_der(chain.clone(), key, &provider)?.keys_match()?;
    Ok(chain)
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn valid_for(params: &mut CertificateParams, now: Duration, days: u32) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + now.saturating_sub(BACKDATED);
    params.not_after = params.not_before + DAY * days;
}

fn random_serial() -> SerialNumber {
    let mut bytes = *uuid::Uuid::new_v4().as_bytes();
    // Positive, and never shortened by a leading zero.
    if let Some(first) = bytes.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    SerialNumber::from_slice(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_790_000_000);

    #[test]
    fn a_new_certificate_is_good_under_every_name_of_this_machine() {
        let made = made(&ServerNames::of_this_machine(&["10.1.2.3", "dayend.bank.example"]));
        for name in ["localhost", "127.0.0.1", "::1", "10.1.2.3", "dayend.bank.example"] {
            assert!(good_for(&made, name, NOW), "{name}");
        }
    }

    #[test]
    fn a_name_that_is_not_in_the_certificate_makes_it_bad() {
        let made = made(&ServerNames::of_this_machine(&[]));
        assert!(!good_for(&made, "dayend.bank.example", NOW));
        assert!(!good_for(&made, "10.1.2.3", NOW));
    }

    #[test]
    fn a_certificate_is_due_thirty_days_before_it_expires() {
        let made = made(&ServerNames::of_this_machine(&[]));
        assert!(good_for(&made, "localhost", NOW + DAY * 365));
        assert!(!good_for(&made, "localhost", NOW + DAY * 367));
    }

    #[test]
    fn the_key_alone_issues_again_under_the_same_authority() {
        let made = made(&ServerNames::of_this_machine(&[]));
        let again = Authority::from_key_pem(&made.authority.key_pem()).unwrap();
        let later = NOW + DAY * 390;
        let names = ServerNames::of_this_machine(&["db.bank.example"]);
        let cert = again.issue(&names, &made.key, later).unwrap();
        assert!(is_good(&made.ca, &cert, &made.key, &names, later));
    }

    #[test]
    fn a_certificate_of_another_authority_or_key_is_bad() {
        let names = ServerNames::of_this_machine(&[]);
        let (one, other) = (made(&names), made(&names));
        assert!(!is_good(&other.ca, &one.cert, &one.key, &names, NOW));
        assert!(!is_good(&one.ca, &one.cert, &other.key, &names, NOW));
        assert!(!is_good(&one.ca, "", &one.key, &names, NOW));
    }

    #[test]
    fn unspecified_addresses_and_strange_host_names_stay_out_of_the_certificate() {
        let names = ServerNames::of_this_machine(&[
            "0.0.0.0",
            "[::]",
            "two words",
            "[fe80::1]",
            "LOCALHOST",
        ]);
        assert_eq!(names.dns.iter().filter(|name| *name == "localhost").count(), 1);
        assert!(!names.dns.iter().any(|name| name.contains(' ')));
        assert_eq!(names.addresses.len(), 3);
    }

    struct Made {
        authority: Authority,
        ca: String,
        cert: String,
        key: String,
    }

    fn made(names: &ServerNames) -> Made {
        let (authority, ca) = Authority::create(NOW).unwrap();
        let key = new_key_pem().unwrap();
        let cert = authority.issue(names, &key, NOW).unwrap();
        Made { authority, ca, cert, key }
    }

    fn good_for(made: &Made, name: &str, now: Duration) -> bool {
        let mut names = ServerNames { dns: Vec::new(), addresses: Vec::new() };
        names.add(name);
        is_good(&made.ca, &made.cert, &made.key, &names, now)
    }
}
