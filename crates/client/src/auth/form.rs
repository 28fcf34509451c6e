//! Encodes forms, for bodies and for queries of URLs.

/// A form in `application/x-www-form-urlencoded`.
#[derive(Default)]
pub(super) struct Form(String);

impl Form {
    /// The encoded form, empty when it has no field.
    pub(super) fn into_text(self) -> String {
        self.0
    }

    pub(super) fn add(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(name);
        self.0.push('=');
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                self.0.push(char::from(byte));
            } else {
                self.0.push_str(&format!("%{byte:02X}"));
            }
        }
    }
}
