//! Making the keys of a new server.

use super::files::write_private;
use super::{KeyError, SERVER_KEY_FILE, SIGNING_CERTIFICATE_FILE, SIGNING_KEY_FILE};
use crate::random;
use rcgen::{CertificateParams, DnType, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use zeroize::Zeroizing;

/// Makes a signing key, its self-signed certificate and a server key in `dir` (0700), each file 0600; overwrites nothing.
pub fn create(dir: &Path) -> Result<(), KeyError> {
    let io = |source| KeyError::Io { path: dir.to_owned(), source };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io)?;
    let generated = |error: rcgen::Error| KeyError::Invalid {
        path: dir.join(SIGNING_KEY_FILE),
        reason: error.to_string(),
    };
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(generated)?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Dayend token signing");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let certificate = params.self_signed(&key).map_err(generated)?;

    write_private(&dir.join(SERVER_KEY_FILE), Zeroizing::new(random::bytes::<32>()).as_slice())?;
    write_private(&dir.join(SIGNING_CERTIFICATE_FILE), certificate.der())?;
    write_private(&dir.join(SIGNING_KEY_FILE), Zeroizing::new(key.serialize_pem()).as_bytes())?;
    std::fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(io)
}
