//! TLS: versions 1.2 and 1.3, HTTP/1.1 by ALPN.

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fmt;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// The server's certificate, its issuers, and its key, in PEM.
#[derive(Clone)]
pub struct TlsMaterial {
    /// The server's own certificate first.
    pub chain_pem: String,
    pub key_pem: String,
}

impl fmt::Debug for TlsMaterial {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TlsMaterial").field("chain_pem", &self.chain_pem).finish_non_exhaustive()
    }
}

/// Why there can be no TLS with the given material.
#[derive(Debug, thiserror::Error)]
pub enum BadTlsMaterial {
    #[error("the certificate is not readable: {0}")]
    Certificate(rustls::pki_types::pem::Error),
    #[error("the certificate file holds no certificate")]
    NoCertificate,
    #[error("the private key is not readable: {0}")]
    Key(rustls::pki_types::pem::Error),
    #[error("certificate and private key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

impl TlsMaterial {
    pub(super) fn acceptor(&self) -> Result<TlsAcceptor, BadTlsMaterial> {
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(self.chain_pem.as_bytes())
                .collect::<Result<_, _>>()
                .map_err(BadTlsMaterial::Certificate)?;
        if chain.is_empty() {
            return Err(BadTlsMaterial::NoCertificate);
        }
        let key =
            PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).map_err(BadTlsMaterial::Key)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        // HTTP/2 is not offered: clients in the field lose an answer that comes before they have sent their whole body.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn material_that_is_no_certificate_is_refused_with_a_reason() {
        let reason = |chain: &str, key: &str| {
            let material = TlsMaterial { chain_pem: chain.to_owned(), key_pem: key.to_owned() };
            material.acceptor().map(|_| ()).unwrap_err().to_string()
        };
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (chain, key, other_key) =
            (own.cert.pem(), own.signing_key.serialize_pem(), other.signing_key.serialize_pem());
        assert_eq!(reason("", &key), "the certificate file holds no certificate");
        assert!(reason(&chain, "").starts_with("the private key is not readable"));
        assert!(
            reason(&chain, &other_key).starts_with("certificate and private key cannot be used")
        );
    }

    #[test]
    fn the_key_is_not_shown() {
        let material = TlsMaterial { chain_pem: "CHAIN".to_owned(), key_pem: "SECRET".to_owned() };
        assert!(!format!("{material:?}").contains("SECRET"));
    }
}
