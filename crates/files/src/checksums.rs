//! The checksums of a file, counted while it passes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::fmt::Write as _;

macro_rules! sum {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub struct $name(pub [u8; $bytes]);

        impl $name {
            /// As HTTP headers write it.
            pub fn to_base64(self) -> String {
                STANDARD.encode(self.0)
            }

            /// As people compare it.
            pub fn to_hex(self) -> String {
                self.0.iter().fold(String::with_capacity($bytes * 2), |mut text, byte| {
                    write!(text, "{byte:02x}").expect("a String takes any text");
                    text
                })
            }

            /// Reads the form of HTTP headers.
            pub fn from_base64(text: &str) -> Option<Self> {
                STANDARD.decode(text).ok()?.try_into().ok().map(Self)
            }

            /// Reads hex digits.
            pub fn from_hex(text: &str) -> Option<Self> {
                let mut bytes = [0; $bytes];
                if text.len() != $bytes * 2 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return None;
                }
                for (byte, at) in bytes.iter_mut().zip((0..text.len()).step_by(2)) {
                    *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
                }
                Some(Self(bytes))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, concat!(stringify!($name), "({})"), self.to_hex())
            }
        }
    };
}

sum! {
    /// An MD5 sum: what OCI clients compare. It protects against accidents, not against people.
    Md5Sum, 16
}
sum! {
    /// A SHA-256 sum.
    Sha256Sum, 32
}

/// Both sums of the bytes so far.
#[derive(Clone, Debug, Default)]
pub struct Checksums {
    md5: Md5,
    sha256: Sha256,
}

impl Checksums {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        self.sha256.update(bytes);
    }

    /// The sums of all bytes.
    pub fn finish(self) -> (Md5Sum, Sha256Sum) {
        (Md5Sum(self.md5.finalize().into()), Sha256Sum(self.sha256.finalize().into()))
    }
}

impl Md5Sum {
    /// What OCI says of an object that came in parts: the sum of their sums, and how many there are.
    pub fn of_parts(parts: &[Self]) -> String {
        let mut md5 = Md5::new();
        for part in parts {
            md5.update(part.0);
        }
        format!("{}-{}", Self(md5.finalize().into()).to_base64(), parts.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_that_everybody_else_counts() {
        let mut sums = Checksums::default();
        sums.update(b"ab");
        sums.update(b"c");
        let (md5, sha256) = sums.finish();
        assert_eq!(md5.to_hex(), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(md5.to_base64(), "kAFQmDzST7DWlj99KOF/cg==");
        assert_eq!(
            sha256.to_hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(Sha256Sum::from_hex(&sha256.to_hex().to_uppercase()), Some(sha256));
        assert_eq!(Sha256Sum::from_base64(&sha256.to_base64()), Some(sha256));
        for bad in ["", "xyz", "kAFQmDzST7DWlj99KOF/cg", "kAFQ"] {
            assert_eq!(Md5Sum::from_base64(bad), None, "{bad}");
        }
        assert_eq!(Md5Sum::from_hex(&"é".repeat(16)), None);
    }

    #[test]
    fn the_sum_of_parts_says_how_many_there_are() {
        let sum = |bytes: &[u8]| {
            let mut sums = Checksums::default();
            sums.update(bytes);
            sums.finish().0
        };
        assert_eq!(
            Md5Sum::of_parts(&[sum(b"a"), sum(b"b")]),
            "luAkuiB0/nfo6WW6Q6cEvg==-2".to_owned()
        );
    }
}
