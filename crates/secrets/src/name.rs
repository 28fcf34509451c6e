//! Names of secrets.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// Most bytes of each part.
const LONGEST: usize = 128;

/// By what a secret is known: `INTEGRATION/CREDENTIAL`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretName {
    integration: String,
    credential: String,
}

impl SecretName {
    /// The name of a credential of an integration.
    ///
    /// # Errors
    /// [`Error::Name`].
    pub fn new(integration: &str, credential: &str) -> Result<Self, Error> {
        Ok(Self {
            integration: part(integration)?,
            credential: part(credential)?,
        })
    }

    /// The id of the integration.
    #[must_use]
    pub fn integration(&self) -> &str {
        &self.integration
    }

    /// The name of the credential.
    #[must_use]
    pub fn credential(&self) -> &str {
        &self.credential
    }
}

/// Letters, digits, `.`, `_` and `-`, the first one a letter or digit.
fn part(text: &str) -> Result<String, Error> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let begins = text
        .as_bytes()
        .first()
        .is_some_and(u8::is_ascii_alphanumeric);
    if begins && text.len() <= LONGEST && text.bytes().all(is_allowed) {
        return Ok(text.to_owned());
    }
    Err(Error::Name {
        name: lazaret_values::Printable::excerpt(text),
    })
}

impl fmt::Display for SecretName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.integration, self.credential)
    }
}

impl FromStr for SecretName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once('/') {
            Some((integration, credential)) => Self::new(integration, credential),
            None => Err(Error::Name {
                name: lazaret_values::Printable::excerpt(text),
            }),
        }
    }
}

impl TryFrom<String> for SecretName {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<SecretName> for String {
    fn from(name: SecretName) -> Self {
        name.to_string()
    }
}

#[cfg(test)]
mod tests;
