//! Opening the user's browser.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

/// Opens a page in the user's browser; false if there is none.
pub(super) fn open(url: &str) -> bool {
    let variable = |name: &str| std::env::var_os(name).filter(|text| !text.is_empty());
    candidates(variable).into_iter().any(|program| {
        let mut command = Command::new(program);
        // A group of its own: what ends this command does not end the browser.
        command.arg(url).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().is_ok()
    })
}

/// The programs to try: the user's choice; the desktop's, where there is one.
fn candidates(variable: impl Fn(&str) -> Option<OsString>) -> Vec<OsString> {
    if let Some(chosen) = variable("BROWSER") {
        return vec![chosen];
    }
    if cfg!(target_os = "macos") {
        return vec!["open".into()];
    }
    let has_desktop = variable("DISPLAY").is_some() || variable("WAYLAND_DISPLAY").is_some();
    if has_desktop { vec!["xdg-open".into()] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_choice_goes_first_and_without_a_desktop_there_is_none() {
        let with = |pairs: &'static [(&str, &str)]| {
            candidates(|name| {
                pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
            })
        };
        assert_eq!(with(&[("BROWSER", "firefox"), ("DISPLAY", ":0")]), ["firefox"]);
        if cfg!(target_os = "linux") {
            assert_eq!(with(&[("DISPLAY", ":0")]), ["xdg-open"]);
            assert_eq!(with(&[]), Vec::<OsString>::new());
        }
    }
}
