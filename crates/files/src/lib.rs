//! Pre-authenticated URLs, and where the bytes of files live: on the local disk or with an S3-compatible service.
//!
//! Knows names, checksums, secrets and bytes. Must not know HTTP, who may do what, or which files there are.

mod access;
mod address;
mod checksums;
mod deposit;
mod name;
mod secret;
mod vault;

pub use access::{Access, Operation};
pub use address::{Address, BadAddress, PART_MAX, Target};
pub use checksums::{Checksums, Md5Sum, Sha256Sum};
pub use deposit::{Deposit, Deposited};
pub use name::{BadName, FileName, NAME_MAX_BYTES, Prefix};
pub use secret::{LinkSecret, SecretKey};
pub use vault::{BlobId, Bucket, ByteStream, Vault, VaultError};
