//! PostgreSQL's `numeric`, as it travels: base-10000 digits.

const NEGATIVE: u16 = 0x4000;
const DIGITS_PER_GROUP: i32 = 4;
/// More digits than any control total has.
const SCALE_MAX: usize = 1000;

/// The decimal notation of a `numeric` in its binary form; none if it is no such form.
pub(super) fn decimal(bytes: &[u8]) -> Option<String> {
    let words: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| pair.try_into().map(u16::from_be_bytes))
        .collect::<Result<_, _>>()
        .ok()?;
    let [count, weight, sign, scale, groups @ ..] = words.as_slice() else { return None };
    match *sign {
        0 | NEGATIVE => {}
        0xC000 => return Some("NaN".to_owned()),
        0xD000 => return Some("Infinity".to_owned()),
        0xF000 => return Some("-Infinity".to_owned()),
        _ => return None,
    }
    if groups.len() != usize::from(*count) {
        return None;
    }
    let weight = i32::from(weight.cast_signed());
    let group = |at: i32| {
        usize::try_from(weight - at).ok().and_then(|index| groups.get(index)).copied().unwrap_or(0)
    };
    let four_digits = |text: String, at: i32| format!("{text}{:04}", group(at));
    let whole = (0..=weight.max(0)).rev().fold(String::new(), four_digits);
    let whole = whole.trim_start_matches('0');
    let mut text = if whole.is_empty() { "0".to_owned() } else { whole.to_owned() };
    let scale = usize::from(*scale).min(SCALE_MAX);
    if scale > 0 {
        let needed = i32::try_from(scale).ok()?.div_euclid(DIGITS_PER_GROUP) + 1;
        let mut fraction = (1..=needed).map(|at| -at).fold(String::new(), four_digits);
        fraction.truncate(scale);
        text = format!("{text}.{fraction}");
    }
    Some(if *sign == NEGATIVE { format!("-{text}") } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(weight: i16, sign: u16, scale: u16, groups: &[u16]) -> Vec<u8> {
        let count = u16::try_from(groups.len()).unwrap();
        [&[count, weight.cast_unsigned(), sign, scale], groups]
            .concat()
            .into_iter()
            .flat_map(u16::to_be_bytes)
            .collect()
    }

    #[test]
    fn a_numeric_is_shown_as_it_was_written() {
        #[rustfmt::skip]
        let cases = [
            (form(0, 0, 2, &[1234, 5000]), "1234.50"),
            (form(1, NEGATIVE, 0, &[1, 2]), "-10002"),
            (form(0, 0, 0, &[]), "0"),
            (form(-1, 0, 4, &[12]), "0.0012"),
            (form(-2, 0, 8, &[12]), "0.00000012"),
            (form(2, 0, 3, &[7]), "700000000.000"),
            (form(0, 0xC000, 0, &[]), "NaN"),
        ];
        for (bytes, want) in cases {
            assert_eq!(decimal(&bytes).as_deref(), Some(want));
        }
        assert_eq!(decimal(&[0, 1]), None);
        assert_eq!(decimal(&form(0, 1, 0, &[])), None);
    }
}
