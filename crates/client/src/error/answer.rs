//! The error message of a server that refuses or fails.

use std::fmt;

use lazaret_oci::wire::{ErrorBody, ErrorEntry};
use lazaret_values::Printable;

/// A server's answer to a failed request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// All entries of the error body.
    pub errors: Vec<ErrorEntry>,
    /// The start of a body in another format, made printable.
    pub text: String,
}

impl Answer {
    /// Longest text that is kept, in characters.
    const LIMIT: usize = 2048;

    /// Parses an answer from the start of its body.
    #[must_use]
    pub fn parse(status: u16, body: &[u8]) -> Self {
        let errors = match serde_json::from_slice::<ErrorBody>(body) {
            Ok(parsed) => parsed.errors,
            Err(_) => Vec::new(),
        };
        let text = if errors.is_empty() {
            let body = String::from_utf8_lossy(body);
            Printable::new(body.trim()).within(Self::LIMIT).to_string()
        } else {
            String::new()
        };
        Self {
            status,
            errors,
            text,
        }
    }

    /// Whether one of the entries has `code`.
    #[must_use]
    pub fn has_code(&self, code: &str) -> bool {
        self.errors.iter().any(|entry| entry.code == code)
    }

    /// Removes a secret that the server echoed.
    pub(crate) fn redact(&mut self, secret: &str) {
        if secret.len() < 4 {
            return;
        }
        let clean = |text: &mut String| {
            if text.contains(secret) {
                *text = text.replace(secret, "[redacted]");
            }
        };
        clean(&mut self.text);
        for entry in &mut self.errors {
            clean(&mut entry.code);
            clean(&mut entry.message);
            if entry.detail.to_string().contains(secret) {
                entry.detail = serde_json::Value::String("[redacted]".to_owned());
            }
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match http::StatusCode::from_u16(self.status) {
            Ok(status) => write!(f, "{status}")?,
            Err(_) => write!(f, "{}", self.status)?,
        }
        for (position, entry) in self.errors.iter().enumerate() {
            let lead = if position == 0 { ": " } else { "; " };
            write!(f, "{lead}{}", Printable::new(&entry.code))?;
            if !entry.message.is_empty() {
                write!(f, ": {}", Printable::new(&entry.message))?;
            }
        }
        if !self.text.is_empty() {
            write!(f, ": {}", self.text)?;
        }
        Ok(())
    }
}
