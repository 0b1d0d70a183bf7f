//! What proves that a form was filled in on a page of ours, in the browser that it was shown in.

use crate::identity::Identity;
use crate::random;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const PURPOSE: &str = "form";

impl Identity {
    /// Something random for a browser that has no session yet, to bind its forms to.
    pub fn new_binding() -> String {
        random::id()
    }

    /// The token of a form: `binding` is the browser's, `texts` are what the form is about and must come back unchanged.
    pub fn form_token(&self, binding: &str, texts: &[&str]) -> String {
        URL_SAFE_NO_PAD.encode(self.form_seal(binding, texts))
    }

    /// Whether the token was made for this browser and this form.
    pub fn is_form_token(&self, token: &str, binding: &str, texts: &[&str]) -> bool {
        let given = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
        verify_slices_are_equal(&given, &self.form_seal(binding, texts)).is_ok()
    }

    fn form_seal(&self, binding: &str, texts: &[&str]) -> [u8; 32] {
        let all: Vec<&str> = std::iter::once(binding).chain(texts.iter().copied()).collect();
        self.keys.server.seal(PURPOSE, &all)
    }
}
