//! The letter with a link behind which a new password is set.

use super::mail::Mail;
use crate::app::App;
use dayend_identity::sessions::ResetMail;
use secrecy::ExposeSecret as _;

/// Who wanted the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AskedBy {
    /// Somebody who typed the user's name.
    Anybody,
    Administrator,
}

/// Sends the link; says whether the mail server took the letter.
pub(crate) async fn send_reset_letter(app: &App, letter: &ResetMail, by: AskedBy) -> bool {
    let Some(mailer) = &app.mailer else { return false };
    let sent = mailer.send(written(&app.settings.base_url, letter, by)).await;
    if let Err(error) = &sent {
        tracing::error!(%error, "a link to reset a password could not be sent");
    }
    sent.is_ok()
}

fn written(base_url: &str, letter: &ResetMail, by: AskedBy) -> Mail {
    let name = letter.display_name.as_str();
    let link = format!("{base_url}/ui/v1/reset/{}", letter.secret.expose_secret());
    let (why, otherwise) = match by {
        AskedBy::Anybody => (
            "somebody, probably you, wants to set a new password for your Dayend account.",
            "If it was not you, do nothing: your password stays as it is.",
        ),
        AskedBy::Administrator => (
            "an administrator has ended the password of your Dayend account. Set a new one.",
            "If the time is over, ask for another link on the log-in page.",
        ),
    };
    let text = format!(
        "Hello {name},\n\n{why} This link is good once,\nfor 30 minutes:\n\n{link}\n\n{otherwise}\n"
    );
    Mail { to: letter.to.clone(), subject: "Set a new Dayend password".to_owned(), text }
}
