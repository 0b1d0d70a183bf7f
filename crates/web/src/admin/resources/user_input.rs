//! What a request says that a user is to be.

use crate::admin::error::ScimError;
use crate::admin::input::{Input, Says as _};
use dayend_identity::admin::{User, UserDraft};
use dayend_identity::model::{Email, UserProfile};
use secrecy::SecretString;

/// The user of a request. `now`: as it is, if there is one; what a request cannot say stays.
pub(super) fn draft(input: &Input, now: Option<&User>) -> Result<UserDraft, ScimError> {
    let text = |name: &str| input.text(name).unwrap_or_default().to_owned();
    let name_part = |part: &str| {
        let name = input.object("name");
        name.and_then(|name| name.text(part)).unwrap_or_default().to_owned()
    };
    let profile = UserProfile {
        given_name: name_part("givenName"),
        middle_name: name_part("middleName"),
        family_name: name_part("familyName"),
        emails: input.objects("emails").into_iter().map(email).collect(),
        phone: phone(input)?,
        locale: text("locale"),
        timezone: text("timezone"),
        title: text("title"),
        external_id: text("externalId"),
        nick_name: text("nickName"),
        user_type: text("userType"),
        preferred_language: text("preferredLanguage"),
        description: text("description"),
        ..now.map(|user| user.profile.clone()).unwrap_or_default()
    };
    let name = text("userName");
    let display_name = input.text("displayName").map(str::to_owned);
    Ok(UserDraft {
        display_name: display_name.unwrap_or_else(|| usual_name(&profile, &name)),
        active: input.flag("active").unwrap_or_else(|| now.is_none_or(|user| user.active)),
        password: input.text("password").map(SecretString::from),
        name,
        profile,
    })
}

fn usual_name(profile: &UserProfile, name: &str) -> String {
    let parts = [&profile.given_name, &profile.family_name];
    let parts: Vec<&str> =
        parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { name.to_owned() } else { parts.join(" ") }
}

fn email(sent: &Input) -> Email {
    Email {
        value: sent.text("value").unwrap_or_default().to_owned(),
        kind: sent.text("type").unwrap_or_default().to_owned(),
        primary: sent.flag("primary").unwrap_or_default(),
    }
}

fn phone(input: &Input) -> Result<String, ScimError> {
    match input.objects("phoneNumbers").as_slice() {
        [] => Ok(String::new()),
        [only] => Ok(only.text("value").unwrap_or_default().to_owned()),
        _ => Err(ScimError::value("a user has one phone number here")),
    }
}
