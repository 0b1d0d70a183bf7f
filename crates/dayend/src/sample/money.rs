//! Exact amounts: whole cents and millionths, never floating point.

/// The largest amount a position may have, in cents: ten million millions.
pub(super) const AMOUNT_MAX_CENTS: i64 = 1_000_000_000_000_000;
/// The bounds of a plausible rate, in millionths.
const RATE_BOUNDS: std::ops::RangeInclusive<i64> = 1_000..=1_000_000_000_000;

/// `-1234.50` in cents; at most two decimals.
pub(super) fn cents(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let cents = scaled(digits, 2)?;
    (cents <= AMOUNT_MAX_CENTS).then_some(sign * cents)
}

/// `0.83578` in millionths; at most six decimals, and plausible for an exchange rate.
pub(super) fn micros(text: &str) -> Option<i64> {
    scaled(text, 6).filter(|micros| RATE_BOUNDS.contains(micros))
}

fn scaled(text: &str, decimals: usize) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = whole.len() <= 18 && fraction.len() <= decimals;
    if !(digits(whole) && digits(fraction) && fits) {
        return None;
    }
    let scale = 10_i64.checked_pow(u32::try_from(decimals).ok()?)?;
    let padded: i64 = format!("{fraction:0<decimals$}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(scale)?.checked_add(padded)
}

/// Cents with a point, for people.
pub(super) fn from_cents(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let (whole, rest) = (cents.unsigned_abs() / 100, cents.unsigned_abs() % 100);
    format!("{sign}{whole}.{rest:02}")
}

/// Millionths with a point and without needless zeros.
pub(super) fn from_micros(micros: i64) -> String {
    let (whole, rest) = (micros / 1_000_000, micros % 1_000_000);
    let text = format!("{whole}.{rest:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        #[rustfmt::skip]
        let cases = [
            ("12450.75", Some(1_245_075)), ("-0.05", Some(-5)), ("7", Some(700)), ("7.5", Some(750)), ("0.00", Some(0)),
            ("10000000000000.00", Some(AMOUNT_MAX_CENTS)), ("10000000000000.01", None),
            ("12O450.75", None), ("1.234", None), ("", None), ("-", None), (".5", None), ("5.", None), ("+5", None),
            ("--5", None), ("1e5", None), (" 5", None), ("٣", None), ("1,5", None), ("99999999999999999999", None),
        ];
        for (text, want) in cases {
            assert_eq!(cents(text), want, "{text}");
        }
    }

    #[test]
    fn rates_have_at_most_six_decimals_and_are_plausible() {
        #[rustfmt::skip]
        let cases = [
            ("0.83578", Some(835_780)), ("136", Some(136_000_000)), ("20275.17", Some(20_275_170_000)),
            ("N/A", None), ("0", None), ("0.0001", None), ("-1.2", None), ("1.1234567", None), ("1000000.5", None),
        ];
        for (text, want) in cases {
            assert_eq!(micros(text), want, "{text}");
        }
    }

    #[test]
    fn what_is_printed_reads_back_as_the_same_number() {
        for number in [0, 5, -5, 99, -100, 123_456_789, AMOUNT_MAX_CENTS] {
            assert_eq!(cents(&from_cents(number)), Some(number));
        }
        for number in [1_000, 835_780, 136_000_000, 20_275_170_000] {
            assert_eq!(micros(&from_micros(number)), Some(number));
        }
    }
}
