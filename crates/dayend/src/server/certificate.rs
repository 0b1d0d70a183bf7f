//! The certificate that a server presents: the data directory's own, renewed in time, or one that the operator gave.

use super::authority::{self, Authority, AuthorityError, RENEW_DAYS, ServerNames};
use super::directory::{Directory, cannot, make_directory, read_secret, write_file};
use super::failure::Failure;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A certificate chain with its key, all in PEM.
pub(super) struct Certificate {
    /// The authority that callers must trust; none if it is not ours.
    pub(super) authority: Option<String>,
    pub(super) chain: String,
    pub(super) key: String,
}

/// Makes the authority and the first certificate of a new data directory.
pub(super) fn create(
    directory: &Directory,
    names: &ServerNames,
    now: Duration,
) -> Result<(), Failure> {
    let failed = |error: AuthorityError| failed(&directory.tls(), &error);
    make_directory(&directory.tls())?;
    let (authority, ca_pem) = Authority::create(now).map_err(failed)?;
    let key_pem = authority::new_key_pem().map_err(failed)?;
    let chain_pem = authority.issue(names, &key_pem, now).map_err(failed)?;
    write_file(&directory.ca_key(), 0o600, &authority.key_pem())?;
    write_file(&directory.ca(), 0o644, &ca_pem)?;
    write_file(&directory.key(), 0o600, &key_pem)?;
    write_file(&directory.cert(), 0o644, &chain_pem)
}

/// The data directory's certificate; issued anew if it ends within [`RENEW_DAYS`] or does not cover all `names`.
pub(super) fn of_directory(
    directory: &Directory,
    names: &ServerNames,
    now: Duration,
) -> Result<Certificate, Failure> {
    let ca_pem = read(&directory.ca())?;
    let key_pem = read_secret(&directory.key())?;
    // Looked at even when it is not needed now: its owner should hear of wrong permissions before the renewal.
    let ca_key_pem = match fs::symlink_metadata(directory.ca_key()) {
        Ok(_) => Some(read_secret(&directory.ca_key())?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(cannot("read", &directory.ca_key(), &error)),
    };
    let present = read(&directory.cert());
    if let Ok(chain_pem) = &present
        && authority::is_good(&ca_pem, chain_pem, &key_pem, names, now)
    {
        return Ok(Certificate { authority: Some(ca_pem), chain: chain_pem.clone(), key: key_pem });
    }
    let Some(ca_key_pem) = ca_key_pem else {
        tracing::warn!(
            "the certificate ends within {RENEW_DAYS} days or does not cover all names of this server, \
             and it cannot be renewed because tls/ca-key.pem is not there"
        );
        return Ok(Certificate { authority: Some(ca_pem), chain: present?, key: key_pem });
    };
    let failed = |error: AuthorityError| failed(&directory.tls(), &error);
    let chain_pem = Authority::from_key_pem(&ca_key_pem)
        .and_then(|authority| authority.issue(names, &key_pem, now));
    let chain_pem = chain_pem.map_err(failed)?;
    if !authority::is_good(&ca_pem, &chain_pem, &key_pem, names, now) {
        return Err(Failure::cannot_serve(format!(
            "{} does not belong to tls/ca-key.pem or is about to expire: restore both from a backup, or make a new data \
             directory",
            directory.ca().display()
        )));
    }
    write_file(&directory.cert(), 0o644, &chain_pem)?;
    tracing::info!("the TLS certificate was renewed");
    Ok(Certificate { authority: Some(ca_pem), chain: chain_pem, key: key_pem })
}

/// The operator's own certificate; callers already trust who issued it.
pub(super) fn of_operator((chain, key): &(PathBuf, PathBuf)) -> Result<Certificate, Failure> {
    let (chain_pem, key_pem) = (read(chain)?, read_secret(key)?);
    authority::check_pair(&chain_pem, &key_pem).map_err(|error| failed(chain, &error))?;
    Ok(Certificate { authority: None, chain: chain_pem, key: key_pem })
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| cannot("read", path, &error))
}

fn failed(path: &Path, error: &AuthorityError) -> Failure {
    Failure::cannot_serve(format!("the TLS keys in {} cannot be used: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const NOW: Duration = Duration::from_secs(1_790_000_000);
    const DAY: u64 = 86_400;

    #[test]
    fn a_good_certificate_is_kept_and_one_that_is_due_is_renewed_for_the_same_key() {
        let (_keep, directory) = created();
        let names = ServerNames::of_this_machine(&[]);
        let first = of_directory(&directory, &names, NOW).unwrap();
        let kept = of_directory(&directory, &names, NOW + Duration::from_secs(300 * DAY)).unwrap();
        assert_eq!(kept.chain, first.chain);
        let renewed =
            of_directory(&directory, &names, NOW + Duration::from_secs(370 * DAY)).unwrap();
        assert_ne!(renewed.chain, first.chain);
        assert_eq!((renewed.key, renewed.authority), (first.key, first.authority));
        assert_eq!(fs::read_to_string(directory.cert()).unwrap(), renewed.chain);
    }

    #[test]
    fn a_new_listen_name_or_a_lost_certificate_makes_a_new_one() {
        let (_keep, directory) = created();
        let names = ServerNames::of_this_machine(&["dayend.bank.example"]);
        let first = fs::read_to_string(directory.cert()).unwrap();
        let wider = of_directory(&directory, &names, NOW).unwrap();
        assert_ne!(wider.chain, first);
        fs::remove_file(directory.cert()).unwrap();
        assert!(of_directory(&directory, &names, NOW).is_ok());
    }

    #[test]
    fn keys_that_others_can_read_are_refused() {
        for key in ["key.pem", "ca-key.pem"] {
            let (_keep, directory) = created();
            let path = directory.tls().join(key);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            let failure =
                of_directory(&directory, &ServerNames::of_this_machine(&[]), NOW).err().unwrap();
            assert!(
                failure.sentence.contains("chmod 600") && failure.sentence.contains(key),
                "{failure}"
            );
        }
    }

    #[test]
    fn without_the_authority_s_key_the_old_certificate_is_used_as_long_as_it_is_there() {
        let (_keep, directory) = created();
        fs::remove_file(directory.ca_key()).unwrap();
        let names = ServerNames::of_this_machine(&["dayend.bank.example"]);
        assert!(of_directory(&directory, &names, NOW).is_ok());
        fs::remove_file(directory.cert()).unwrap();
        assert!(of_directory(&directory, &names, NOW).is_err());
    }

    #[test]
    fn an_operator_s_certificate_must_fit_its_key() {
        let (_keep, directory) = created();
        let (_keep_other, other) = created();
        assert!(
            of_operator(&(directory.cert(), directory.key()))
                .is_ok_and(|found| found.authority.is_none())
        );
        assert!(of_operator(&(directory.cert(), other.key())).is_err());
        assert!(of_operator(&(directory.root().join("none"), directory.key())).is_err());
    }

    fn created() -> (tempfile::TempDir, Directory) {
        let keep = tempfile::tempdir().unwrap();
        let directory = Directory::at(keep.path()).unwrap();
        create(&directory, &ServerNames::of_this_machine(&[]), NOW).unwrap();
        (keep, directory)
    }
}
