//! The certificates of an app: what its signed JWTs are checked with.

use super::settings::unique;
use crate::admin::{AdminError, check_name};
use crate::model::{AppSettings, Certificate};
use crate::tokens::PublicKey;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use dayend_engine::codes::shortened;

const CERTIFICATE_MAX_BYTES: usize = 8 * 1024;
const MODULUS_MIN_BITS: usize = 2048;

/// Refuses what no signature could be checked with.
pub(super) fn check_certificates(certificates: &[Certificate]) -> Result<(), AdminError> {
    let aliases: Vec<String> = certificates.iter().map(|one| one.alias.clone()).collect();
    unique("certificate", &aliases)?;
    for certificate in certificates {
        check_name("certificate alias", &certificate.alias)?;
        let small = certificate.x509_base64.len() <= CERTIFICATE_MAX_BYTES / 3 * 4;
        let key = PublicKey::read(&certificate.x509_base64).filter(|_| small);
        let problem = match key.map(|key| key.modulus_bits()) {
            Some(bits) if bits >= MODULUS_MIN_BITS => continue,
            Some(bits) => format!("has an RSA key of {bits} bits: {MODULUS_MIN_BITS} is the least"),
            None => "is not an X.509 certificate with an RSA key, in DER in base64".to_owned(),
        };
        let alias = shortened(&certificate.alias);
        return Err(AdminError::Invalid(format!("the certificate `{alias}` {problem}")));
    }
    Ok(())
}

/// Gives each certificate the names that the header of a JWT can say: its alias (`kid`) and its thumbprint (`x5t`).
pub(super) fn named(mut settings: AppSettings) -> AppSettings {
    for certificate in &mut settings.certificates {
        let text: String = certificate.x509_base64.split_ascii_whitespace().collect();
        let der = STANDARD.decode(text).unwrap_or_default();
        let print = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &der);
        certificate.x5t = URL_SAFE_NO_PAD.encode(print);
        certificate.kid.clone_from(&certificate.alias);
    }
    settings
}
