//! `Range` (RFC 9110 section 14): one range of bytes.

use std::ops::Range;

/// Which part of a file is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it: nothing else was asked for, or not in a way that we understand.
    Whole,
    Part(Range<u64>),
    /// 416: there is nothing in that range.
    Nothing,
}

/// What the header asks for of a file of this size. Several ranges at once get the whole file, which is allowed.
pub(super) fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let Some(range) = header.and_then(|text| text.trim().strip_prefix("bytes=")) else {
        return Wanted::Whole;
    };
    let Some((first, last)) = range.split_once('-') else { return Wanted::Whole };
    let (first, last) = (first.trim(), last.trim());
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(first) || !is_number(last) {
        return Wanted::Whole;
    }
    // Digits that do not fit stand for more than any file has.
    let number = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap_or(u64::MAX));
    match (number(first), number(last)) {
        (None, None) => Wanted::Whole,
        (None, Some(0)) => Wanted::Nothing,
        (None, Some(suffix)) => part(size.saturating_sub(suffix), size, size),
        (Some(first), None) => part(first, size, size),
        (Some(first), Some(last)) if last < first => Wanted::Whole,
        (Some(first), Some(last)) => part(first, last.saturating_add(1).min(size), size),
    }
}

fn part(start: u64, end: u64, size: u64) -> Wanted {
    if start >= size { Wanted::Nothing } else { Wanted::Part(start..end) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_what_rfc_9110_says() {
        use Wanted::{Nothing, Part, Whole};
        #[rustfmt::skip]
        let cases = [
            (None,                               10, Whole),
            (Some("bytes=0-"),                   10, Part(0..10)),
            (Some("bytes=0-0"),                  10, Part(0..1)),
            (Some("bytes=3-5"),                  10, Part(3..6)),
            (Some("bytes= 3 - 5 "),              10, Part(3..6)),
            (Some("bytes=3-99"),                 10, Part(3..10)),
            (Some("bytes=9-"),                   10, Part(9..10)),
            (Some("bytes=10-"),                  10, Nothing),
            (Some("bytes=10-12"),                10, Nothing),
            (Some("bytes=-3"),                   10, Part(7..10)),
            (Some("bytes=-99"),                  10, Part(0..10)),
            (Some("bytes=-0"),                   10, Nothing),
            (Some("bytes=5-3"),                  10, Whole),
            (Some("bytes=-"),                    10, Whole),
            (Some("bytes=0-1,3-4"),              10, Whole),
            (Some("bytes=a-b"),                  10, Whole),
            (Some("bytes=+1-2"),                 10, Whole),
            (Some("lines=1-2"),                  10, Whole),
            (Some("bytes=99999999999999999999-"), 10, Nothing),
            (Some("bytes=0-99999999999999999999"), 10, Part(0..10)),
            (Some("bytes=0-"),                    0, Nothing),
            (Some("bytes=-1"),                    0, Nothing),
        ];
        for (header, size, want) in cases {
            assert_eq!(wanted(header, size), want, "{header:?} of {size}");
        }
    }
}
