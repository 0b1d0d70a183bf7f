//! Numbers that mean the same to every reader.

use super::error::{Limit, Syntax};

/// Longer literals are refused unread.
pub(super) const LITERAL_MAX_BYTES: usize = 400;

/// The length of the number at the start of `bytes`, if the grammar allows it and a 64-bit reader keeps it as it is:
/// whole numbers as `i64`, others as an `f64` whose shortest decimal form is the same number.
pub(super) fn measure(bytes: &[u8]) -> Result<usize, Syntax> {
    let literal = scan(bytes)?;
    if literal.end > LITERAL_MAX_BYTES {
        return Err(Syntax::TooMuch(Limit::NumberDigits));
    }
    let text = bytes
        .get(..literal.end)
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .ok_or(Syntax::Number)?;
    let exact = if literal.whole { text.parse::<i64>().is_ok() } else { survives_f64(text) };
    if exact { Ok(literal.end) } else { Err(Syntax::InexactNumber) }
}

struct Literal {
    end: usize,
    whole: bool,
}

/// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
fn scan(bytes: &[u8]) -> Result<Literal, Syntax> {
    let at = |index: usize| bytes.get(index).copied();
    let mut end = usize::from(at(0) == Some(b'-'));
    end = match at(end) {
        Some(b'0') if at(end + 1).is_some_and(|byte| byte.is_ascii_digit()) => {
            return Err(Syntax::Number);
        }
        Some(b'0') => end + 1,
        _ => digits(bytes, end)?,
    };
    let mut whole = true;
    if at(end) == Some(b'.') {
        whole = false;
        end = digits(bytes, end + 1)?;
    }
    if matches!(at(end), Some(b'e' | b'E')) {
        whole = false;
        end = digits(bytes, end + 1 + usize::from(matches!(at(end + 1), Some(b'+' | b'-'))))?;
    }
    Ok(Literal { end, whole })
}

/// Where the digits that begin at `from` end; there must be one.
fn digits(bytes: &[u8], from: usize) -> Result<usize, Syntax> {
    let count = bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 { Err(Syntax::Number) } else { Ok(from + count) }
}

fn survives_f64(text: &str) -> bool {
    let Ok(float) = text.parse::<f64>() else { return false };
    float.is_finite() && decimal(text) == decimal(&format!("{float:e}"))
}

/// The number as its significant digits and the power of ten of the last one; the sign is left out.
fn decimal(text: &str) -> Option<(String, i64)> {
    let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = whole.trim_start_matches('-').chars().chain(fraction.chars()).collect();
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Some((String::new(), 0));
    }
    let trailing_zeros = digits.len() - digits.trim_end_matches('0').len();
    let last = i64::try_from(trailing_zeros).ok()? - i64::try_from(fraction.len()).ok()?;
    Some((significant.to_owned(), power.parse::<i64>().ok()?.checked_add(last)?))
}
