//! What may stand in a profile.

use crate::admin::accounts::UserDraft;
use crate::admin::{AdminError, check_name};
use crate::model::{Email, UserProfile};
use dayend_engine::codes::shortened;

/// The longest text of a profile.
const TEXT_MAX_CHARS: usize = 512;
/// Addresses of one user.
const EMAILS_MAX: usize = 20;
/// RFC 5321 section 4.5.3.1.3, without the brackets.
const EMAIL_MAX_BYTES: usize = 254;

/// Refuses what is no user.
pub(super) fn check(draft: &UserDraft) -> Result<(), AdminError> {
    check_name("user name", &draft.name)?;
    check_name("display name", &draft.display_name)?;
    let profile = &draft.profile;
    for (what, text) in texts(profile) {
        if text.chars().count() > TEXT_MAX_CHARS || text.chars().any(char::is_control) {
            return Err(AdminError::Invalid(format!(
                "the {what} has at most {TEXT_MAX_CHARS} visible characters"
            )));
        }
    }
    check_emails(&profile.emails)
}

fn texts(profile: &UserProfile) -> [(&'static str, &str); 12] {
    [
        ("given name", &profile.given_name),
        ("family name", &profile.family_name),
        ("middle name", &profile.middle_name),
        ("nick name", &profile.nick_name),
        ("phone number", &profile.phone),
        ("locale", &profile.locale),
        ("time zone", &profile.timezone),
        ("title", &profile.title),
        ("external id", &profile.external_id),
        ("type of user", &profile.user_type),
        ("preferred language", &profile.preferred_language),
        ("description", &profile.description),
    ]
}

fn check_emails(emails: &[Email]) -> Result<(), AdminError> {
    if emails.len() > EMAILS_MAX {
        return Err(AdminError::Invalid(format!("a user has at most {EMAILS_MAX} addresses")));
    }
    if emails.iter().filter(|email| email.primary).count() > 1 {
        return Err(AdminError::Invalid("only one address can be the primary one".to_owned()));
    }
    match emails.iter().find(|email| !is_address(&email.value)) {
        None => Ok(()),
        Some(email) => {
            Err(AdminError::Invalid(format!("`{}` is no mail address", shortened(&email.value))))
        }
    }
}

/// Whether mail can be sent there without quoting: one `@`, something on both sides, nothing that ends a header.
fn is_address(text: &str) -> bool {
    let plain =
        text.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>(),;:\\\"[]".contains(&byte));
    let parts: Vec<&str> = text.split('@').collect();
    plain
        && text.len() <= EMAIL_MAX_BYTES
        && matches!(parts.as_slice(), [name, host] if !name.is_empty() && !host.is_empty() && !host.starts_with('.') && !host.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_no_quoting() {
        for good in ["a@b", "maria.night@bank.example", "x+y@bank.example"] {
            assert!(is_address(good), "{good}");
        }
        let long = format!("{}@bank.example", "x".repeat(250));
        for bad in [
            "",
            "a",
            "@b",
            "a@",
            "a@b@c",
            "a b@c",
            "a@b\r\nBcc: d@e",
            "<a@b>",
            "a@.b",
            "é@b",
            &long,
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
