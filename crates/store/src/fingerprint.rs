//! SHA-256 over rows: each value is written with its type and length, so that no two different rows read alike.

use crate::values::Value;
use sha2::{Digest as _, Sha256};

/// The hash before the first record of a chain.
pub(crate) const CHAIN_START: [u8; 32] = [0; 32];

/// The fingerprint of a row.
pub(crate) fn fingerprint(values: &[Value<'_>]) -> [u8; 32] {
    let mut hash = Sha256::new();
    write(&mut hash, values);
    hash.finalize().into()
}

/// The hash of a chained row: it covers the row and, through `previous`, all rows before it.
pub(crate) fn chained(previous: &[u8; 32], values: &[Value<'_>]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(previous);
    write(&mut hash, values);
    hash.finalize().into()
}

fn write(hash: &mut Sha256, values: &[Value<'_>]) {
    for value in values {
        match value {
            Value::Int(Some(number)) => sized(hash, b'i', &number.to_be_bytes()),
            Value::Bool(flag) => sized(hash, b'b', &[u8::from(*flag)]),
            Value::Text(Some(text)) => sized(hash, b't', text.as_bytes()),
            Value::Bytes(Some(bytes)) => sized(hash, b'x', bytes),
            Value::Int(None) | Value::Text(None) | Value::Bytes(None) => hash.update(b"n"),
        }
    }
}

fn sized(hash: &mut Sha256, tag: u8, bytes: &[u8]) {
    let length = u64::try_from(bytes.len()).expect("a length fits 64 bits");
    hash.update([tag]);
    hash.update(length.to_be_bytes());
    hash.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_a_letter_to_the_next_column_changes_the_fingerprint() {
        assert_ne!(
            fingerprint(&["ab".into(), "c".into()]),
            fingerprint(&["a".into(), "bc".into()])
        );
        assert_ne!(
            fingerprint(&[None::<i64>.into(), "".into()]),
            fingerprint(&["".into(), None::<i64>.into()])
        );
        assert_ne!(fingerprint(&[1_i64.into()]), fingerprint(&[true.into()]));
    }

    #[test]
    fn a_chained_hash_depends_on_the_hash_before() {
        let values = [Value::from(7_i64)];
        assert_ne!(chained(&CHAIN_START, &values), chained(&[1; 32], &values));
    }
}
