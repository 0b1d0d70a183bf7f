//! The public key in an app's certificate: just enough of X.509 (RFC 5280) and DER to find it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dayend_engine::time::Timestamp;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_ID: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// The version in a certificate.
const CONTEXT_0: u8 = 0xa0;
/// `rsaEncryption`.
const RSA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// An RSA public key, and when its certificate is valid.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PublicKey {
    /// In the form of PKCS#1.
    pub(crate) rsa_der: Vec<u8>,
    validity: Option<(Timestamp, Timestamp)>,
}

impl PublicKey {
    /// Reads a certificate or a bare public key (`SubjectPublicKeyInfo`), in DER in base64.
    pub(crate) fn read(base64: &str) -> Option<Self> {
        let text: String = base64.split_ascii_whitespace().collect();
        let der = STANDARD.decode(text).ok()?;
        let mut outer = Der(&der);
        let mut content = Der(outer.take(SEQUENCE)?);
        let bare = content;
        if let Some(rsa_der) = rsa_key(bare) {
            return Some(Self { rsa_der, validity: None });
        }
        let mut body = Der(content.take(SEQUENCE)?);
        if body.tag() == Some(CONTEXT_0) {
            body.take(CONTEXT_0)?;
        }
        body.take(INTEGER)?;
        body.take(SEQUENCE)?;
        body.take(SEQUENCE)?;
        let mut validity = Der(body.take(SEQUENCE)?);
        let validity = (validity.time()?, validity.time()?);
        body.take(SEQUENCE)?;
        let rsa_der = rsa_key(Der(body.take(SEQUENCE)?))?;
        Some(Self { rsa_der, validity: Some(validity) })
    }

    /// The length of the key; none if it is not one.
    pub(crate) fn modulus_bits(&self) -> usize {
        let mut key = Der(&self.rsa_der);
        let modulus = key.take(SEQUENCE).and_then(|content| Der(content).take(INTEGER));
        let significant = modulus.unwrap_or_default().iter().skip_while(|byte| **byte == 0);
        let leading = significant.clone().next().map_or(0, |first| first.leading_zeros());
        (significant.count() * 8).saturating_sub(leading as usize)
    }

    /// Whether the certificate is valid; a bare key always is.
    pub(crate) fn is_valid_at(&self, now: Timestamp) -> bool {
        self.validity.is_none_or(|(from, until)| from <= now && now <= until)
    }
}

fn rsa_key(mut info: Der<'_>) -> Option<Vec<u8>> {
    let mut algorithm = Der(info.take(SEQUENCE)?);
    let rsa = algorithm.take(OBJECT_ID)? == RSA;
    let (unused_bits, key) = info.take(BIT_STRING)?.split_first()?;
    (rsa && *unused_bits == 0).then(|| key.to_vec())
}

/// What is left of a text in DER.
#[derive(Clone, Copy)]
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn tag(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The content of the next element, which must have this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, rest) = self.0.split_first()?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match usize::from(*first) {
            short @ 0..0x80 => (short, rest),
            long => {
                let (bytes, rest) = rest.split_at_checked(long - 0x80)?;
                let plain = (1..=4).contains(&bytes.len());
                let length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
                (plain.then_some(length)?, rest)
            }
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (*found == tag).then_some(content)
    }

    fn time(&mut self) -> Option<Timestamp> {
        let (tag, year_digits) = match self.tag()? {
            UTC_TIME => (UTC_TIME, 2),
            GENERALIZED_TIME => (GENERALIZED_TIME, 4),
            _ => return None,
        };
        let text = std::str::from_utf8(self.take(tag)?).ok()?.strip_suffix('Z')?;
        let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
        let year = number(0, year_digits)?;
        // RFC 5280 section 4.1.2.5.1.
        let year = match tag {
            UTC_TIME if year < 50 => year + 2000,
            UTC_TIME => year + 1900,
            _ => year,
        };
        let part = |at: usize| number(year_digits + at, year_digits + at + 2);
        let days = days_since_1970(year, part(0)?, part(2)?);
        let seconds = days * 86_400 + part(4)? * 3600 + part(6)? * 60 + part(8)?;
        Some(Timestamp(seconds.saturating_mul(1_000_000)))
    }
}

/// In the Gregorian calendar.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // A year that begins in March has its leap day at its end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{
        CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, PublicKeyData as _,
        RsaKeySize, date_time_ymd,
    };

    #[test]
    fn the_key_of_a_certificate_is_found_with_the_times_between_which_it_counts() {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(2024, 2, 29);
        params.not_after = date_time_ymd(2051, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        let read = PublicKey::read(&STANDARD.encode(certificate.der())).unwrap();
        assert_eq!(read.rsa_der, key.der_bytes());
        let at = |seconds: i64| Timestamp(seconds * 1_000_000);
        let cases = [
            (1_709_164_799, false),
            (1_709_164_800, true),
            (2_556_144_000, true),
            (2_556_144_001, false),
        ];
        for (seconds, want) in cases {
            assert_eq!(read.is_valid_at(at(seconds)), want, "{seconds}");
        }
        assert_eq!(read.modulus_bits(), 2048);
        let bare = PublicKey::read(&STANDARD.encode(key.subject_public_key_info())).unwrap();
        assert_eq!(bare.rsa_der, key.der_bytes());
        assert!(bare.is_valid_at(at(0)));
    }

    #[test]
    fn what_is_no_rsa_certificate_is_no_key_and_no_panic() {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let other = CertificateParams::default().self_signed(&key).unwrap();
        assert_eq!(PublicKey::read(&STANDARD.encode(other.der())), None);
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let good = CertificateParams::default().self_signed(&key).unwrap();
        for length in 0..good.der().len() {
            let _ = PublicKey::read(&STANDARD.encode(&good.der()[..length]));
        }
        for text in ["", "!", "MA==", "MIL//////w==", "MIT/////MA=="] {
            assert_eq!(PublicKey::read(text), None, "{text}");
        }
    }
}
