//! Argon2id, with memory that goes back to the system after each hash.

use crate::random;
use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

pub(super) const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;

/// Allocations of more than 32 MiB are always mapped, and unmapped when they are freed. A smaller one would stay with the
/// allocator, one for each thread that ever hashed. Pages that are not touched cost nothing.
const RESERVED_BLOCKS: usize = 33 * 1024 * 1024 / Block::SIZE;

/// A new salted hash in PHC form, unless the password is too long for Argon2.
pub(super) fn hash(password: &[u8]) -> Option<String> {
    let argon2 = argon2();
    let salt = Salt::new(&random::bytes::<SALT_BYTES>()).ok()?;
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    fill(&argon2, password, &salt, &mut output)?;
    let phc = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: argon2.params().try_into().ok()?,
        salt: Some(salt),
        hash: Some(Output::new(&output).ok()?),
    };
    Some(phc.to_string())
}

/// Whether the password has the hash; a text that is no hash is nobody's.
pub(super) fn verify(phc: &str, password: &[u8]) -> bool {
    output_of(phc, password).is_some_and(|(got, want)| got == want)
}

/// Whether the hash was made as [`hash`] makes them today.
pub(super) fn is_of_today(phc: &str) -> bool {
    let today = argon2();
    PasswordHash::new(phc).is_ok_and(|phc| {
        phc.algorithm.as_str() == Algorithm::Argon2id.as_str()
            && phc.version == Some(Version::V0x13.into())
            && Params::try_from(&phc).is_ok_and(|params| {
                let of = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
                of(&params) == of(today.params())
            })
    })
}

/// What the hash's own parameters make of the password, and what they should. Outputs are compared in constant time.
fn output_of(phc: &str, password: &[u8]) -> Option<(Output, Output)> {
    let phc = PasswordHash::new(phc).ok()?;
    let (salt, want) = (phc.salt?, phc.hash?);
    let algorithm = Algorithm::try_from(phc.algorithm.as_str()).ok()?;
    let version = Version::try_from(phc.version?).ok()?;
    let argon2 = Argon2::new(algorithm, version, Params::try_from(&phc).ok()?);
    let mut output = [0; Output::MAX_LENGTH];
    let output = output.get_mut(..want.len())?;
    fill(&argon2, password, &salt, output)?;
    Some((Output::new(output).ok()?, want))
}

fn fill(argon2: &Argon2<'_>, password: &[u8], salt: &Salt, output: &mut [u8]) -> Option<()> {
    let count = argon2.params().block_count();
    let mut blocks = Vec::with_capacity(count.max(RESERVED_BLOCKS));
    blocks.resize(count, Block::new());
    argon2.hash_password_into_with_memory(password, salt.as_ref(), output, blocks).ok()
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .expect("the parameters are within Argon2's limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::{PasswordHasher as _, PasswordVerifier as _};

    #[test]
    fn hashes_are_those_of_every_other_argon2() {
        let ours = hash(b"correct horse battery").unwrap();
        assert!(
            argon2().verify_password(b"correct horse battery", ours.as_str()).is_ok(),
            "{ours}"
        );
        let weaker = Params::new(1024, 1, 1, None).unwrap();
        let weaker = Argon2::new(Algorithm::Argon2id, Version::V0x13, weaker);
        for theirs in [argon2(), weaker].map(|argon2| argon2.hash_password(b"x").unwrap()) {
            assert!(verify(&theirs.to_string(), b"x"));
            assert!(!verify(&theirs.to_string(), b"y"));
        }
        assert_ne!(ours, hash(b"correct horse battery").unwrap(), "the salt is random");
    }

    #[test]
    fn a_hash_is_of_today_only_with_todays_parameters() {
        let ours = hash(b"x").unwrap();
        assert!(is_of_today(&ours), "{ours}");
        for (from, to) in [
            ("m=19456", "m=19455"),
            ("m=19456", "m=65536"),
            ("t=2", "t=3"),
            ("p=1", "p=2"),
            ("v=19", "v=16"),
            ("argon2id", "argon2i"),
        ] {
            assert!(!is_of_today(&ours.replace(from, to)), "{to}");
        }
        assert!(!is_of_today(""));
    }

    #[test]
    fn a_text_that_is_no_hash_is_nobodys() {
        let whole = hash(b"x").unwrap();
        let cut = whole.rsplit_once('$').unwrap().0;
        for phc in
            ["", "x", "$argon2id$v=19$m=19456,t=2,p=1", cut, &whole.replace("argon2id", "scrypt")]
        {
            assert!(!verify(phc, b"x"), "{phc}");
        }
    }

    /// Each thread would keep 19 MiB otherwise.
    #[cfg(target_os = "linux")]
    #[test]
    fn memory_goes_back_after_each_hash() {
        let resident_kib = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
            line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
        };
        let before = resident_kib();
        let threads: Vec<_> =
            (0..8).map(|_| std::thread::spawn(|| verify(&hash(b"x").unwrap(), b"x"))).collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
        let kept = resident_kib().saturating_sub(before);
        assert!(kept < u64::from(MEMORY_KIB), "{kept} KiB were kept");
    }
}
