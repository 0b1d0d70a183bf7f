//! What the libraries that sign tokens and hash secrets need alone, in one thread.

use crate::processor::own;
use anyhow::{Context as _, Result, anyhow};
use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// As long as header and claims of a token.
const TOKEN: [u8; 1200] = [b'x'; 1200];
/// As long as the id and the secret of an app.
const SECRET: [u8; 80] = [b'x'; 80];

/// Processor time of one RS256 signature with a key of 2,048 bits.
pub(crate) fn rs256(time: Duration) -> Result<Duration> {
    let key = RsaKeyPair::generate(KeySize::Rsa2048)?;
    let random = SystemRandom::new();
    let mut signature = vec![0; key.public_modulus_len()];
    each(time, || Ok(key.sign(&RSA_PKCS1_SHA256, &random, black_box(&TOKEN), &mut signature)?))
}

/// Processor time of one HMAC-SHA-256, the stored form of an app's secret.
pub(crate) fn secret_hash(time: Duration) -> Result<Duration> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    each(time, || {
        black_box(hmac::sign(&key, black_box(&SECRET)));
        Ok(())
    })
}

/// Processor time of one Argon2id with the parameters of a new password.
pub(crate) fn password_hash(time: Duration) -> Result<Duration> {
    let broken = |error| anyhow!("Argon2: {error}");
    let params = Params::new(19_456, 2, 1, None).map_err(broken)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut output = [0; 32];
    each(time, || {
        argon2.hash_password_into(b"correct horse battery", &[7; 16], &mut output).map_err(broken)
    })
}

/// The processor time of one of as many as fit into the time.
fn each(time: Duration, mut work: impl FnMut() -> Result<()>) -> Result<Duration> {
    let (begun, before, mut count) = (Instant::now(), own()?, 0_u32);
    while begun.elapsed() < time {
        work()?;
        count += 1;
    }
    own()?.saturating_sub(before).checked_div(count).context("nothing was done")
}
