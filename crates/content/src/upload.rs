//! The id of an upload, which is also the name of its object.

use std::fmt;
use std::str::FromStr;

use lazaret_files::random_hex;
use lazaret_values::Printable;
use thiserror::Error;

/// An id of 128 unguessable bits, as 32 hexadecimal digits; safe in URLs and file names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UploadId(String);

impl UploadId {
    /// A new id from the system's random source.
    #[must_use]
    pub fn random() -> Self {
        Self(random_hex(16))
    }

    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not an upload id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("invalid upload id '{text}'")]
pub struct UploadIdError {
    /// The text that was given, cut if it is long.
    text: String,
}

impl FromStr for UploadId {
    type Err = UploadIdError;

    fn from_str(text: &str) -> Result<Self, UploadIdError> {
        let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 32 && text.bytes().all(hex) {
            Ok(Self(text.to_owned()))
        } else {
            Err(UploadIdError {
                text: Printable::excerpt(text),
            })
        }
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
