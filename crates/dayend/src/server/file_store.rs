//! Where the bytes of files are: in the data directory, or in a bucket.

use super::directory::{Directory, make_directory, read_secret};
use super::failure::Failure;
use super::settings::{BucketSettings, Settings};
use dayend_files::{Bucket, Vault};
use secrecy::SecretString;

/// Where the secret of a bucket may stand instead of in a file.
const SECRET_VARIABLE: &str = "DAYEND_S3_SECRET_KEY";

/// Opens it. A bucket is not asked: the night must begin even if it cannot be reached now.
pub(super) fn open(directory: &Directory, settings: &Settings) -> Result<Vault, Failure> {
    let opened = if let Some(bucket) = &settings.bucket {
        Vault::bucket(&with_secret(bucket)?)
    } else {
        let dir = directory.files();
        if !dir.exists() {
            make_directory(&dir)?;
        }
        Vault::local(&dir)
    };
    opened.map_err(|error| {
        Failure::cannot_serve(format!("the place for files cannot be used: {error}"))
    })
}

fn with_secret(bucket: &BucketSettings) -> Result<Bucket, Failure> {
    let BucketSettings { name, endpoint, region, prefix, access_key, secret_key_file } =
        bucket.clone();
    let secret_key: SecretString = match secret_key_file {
        Some(path) => read_secret(&path)?.trim_end_matches(['\r', '\n']).into(),
        None => std::env::var(SECRET_VARIABLE)
            .map_err(|_| {
                Failure::usage(format!(
                    "files.bucket needs a secret: set files.secret_key_file or {SECRET_VARIABLE}"
                ))
            })?
            .into(),
    };
    Ok(Bucket { name, endpoint, region, access_key, secret_key, prefix })
}
