//! How a file is handed to a browser: to be saved, never to be shown as a page of ours.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// `attr-char` of RFC 5987.
const ATTR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');
/// Types that a browser would run, or read as markup.
const ACTIVE: [&str; 11] = [
    "text/html",
    "application/xhtml+xml",
    "image/svg+xml",
    "text/xml",
    "application/xml",
    "text/javascript",
    "application/javascript",
    "application/ecmascript",
    "text/ecmascript",
    "multipart/x-mixed-replace",
    "text/vtt",
];
/// What nobody interprets.
const OCTETS: &str = "application/octet-stream";

/// `Content-Disposition` (RFC 6266): the name in ASCII for old clients, and in full for all others.
pub(super) fn attachment(name: &str) -> String {
    let is_plain = |letter: char| {
        letter.is_ascii_graphic() && !matches!(letter, '"' | '\\' | '%') || letter == ' '
    };
    let ascii: String =
        name.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
    if ascii == name {
        return format!("attachment; filename=\"{ascii}\"");
    }
    format!(
        "attachment; filename=\"{ascii}\"; filename*=UTF-8''{}",
        utf8_percent_encode(name, ATTR)
    )
}

/// What the caller wants as `Content-Disposition`, as long as the file is still saved and not shown.
pub(super) fn overridden(wanted: Option<&str>, name: &str) -> String {
    let is_attachment = |text: &&str| {
        let kind = text.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("attachment")
            && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
    };
    match wanted.filter(is_attachment) {
        Some(text) if text.contains(';') => text.to_owned(),
        Some(_) | None => attachment(name),
    }
}

/// The type under which a file is sent: as it was stored or is wanted, unless a browser would run it.
pub(super) fn served_type(stored: Option<&str>) -> &str {
    let Some(stored) = stored else { return OCTETS };
    let essence = stored.split(';').next().unwrap_or_default().trim();
    let is_active = ACTIVE.iter().any(|active| essence.eq_ignore_ascii_case(active))
        || essence.to_ascii_lowercase().ends_with("+xml");
    let is_type =
        essence.split_once('/').is_some_and(|(kind, rest)| !kind.is_empty() && !rest.is_empty());
    if is_active || !is_type { OCTETS } else { stored }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_in_the_header_without_breaking_it() {
        #[rustfmt::skip]
        let cases = [
            ("rates.csv",      r#"attachment; filename="rates.csv""#),
            ("a b;c.csv",      r#"attachment; filename="a b;c.csv""#),
            ("März 100%.csv",  r#"attachment; filename="M_rz 100_.csv"; filename*=UTF-8''M%C3%A4rz%20100%25.csv"#),
            ("a'(b)*.csv",     r#"attachment; filename="a'(b)*.csv""#),
            ("日報",            r#"attachment; filename="__"; filename*=UTF-8''%E6%97%A5%E5%A0%B1"#),
        ];
        for (name, want) in cases {
            assert_eq!(attachment(name), want);
        }
    }

    #[test]
    fn a_file_is_saved_whatever_the_url_says() {
        let own = r#"attachment; filename="a.html""#;
        #[rustfmt::skip]
        let cases = [
            (None, own),
            (Some("inline"), own),
            (Some("inline; filename=x"), own),
            (Some("attachment"), own),
            (Some("ATTACHMENT; filename=x.csv"), "ATTACHMENT; filename=x.csv"),
            (Some("attachment; filename=\"x\r\nSet-Cookie: y\""), own),
            (Some("attachmentx; filename=x"), own),
        ];
        for (wanted, want) in cases {
            assert_eq!(overridden(wanted, "a.html"), want, "{wanted:?}");
        }
    }

    #[test]
    fn what_a_browser_would_run_is_sent_as_bytes() {
        for active in [
            "text/html",
            "TEXT/HTML; charset=utf-8",
            "image/svg+xml",
            "application/xml",
            "application/atom+xml",
            "text/javascript",
        ] {
            assert_eq!(served_type(Some(active)), OCTETS, "{active}");
        }
        for passive in
            ["text/csv; charset=utf-8", "application/json", "application/pdf", "text/plain"]
        {
            assert_eq!(served_type(Some(passive)), passive);
        }
        assert_eq!(
            [served_type(None), served_type(Some("")), served_type(Some("csv"))],
            [OCTETS; 3]
        );
    }
}
