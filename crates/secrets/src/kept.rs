//! What is stored of a secret.

use lazaret_values::Secret;
use serde::{Deserialize, Serialize};

use crate::{Grant, Place, SecretName};

/// What is known of a secret, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its name.
    pub name: SecretName,
    /// What it is.
    pub kind: Kind,
    /// When it was stored, in nanoseconds since 1970.
    pub since: u64,
    /// The places that it is for.
    pub places: Vec<Place>,
    /// The form in which it is sent there, in words: part of a request and format.
    pub sent_as: String,
    /// Where its text is.
    pub keeper: Keeper,
    /// Told from what was stored before under this name.
    pub serial: String,
}

/// What is stored under a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The secret itself.
    Secret,
    /// A refresh token, which is exchanged for access tokens.
    OAuth(Grant),
    /// No: it counts as missing, and nobody is asked for it.
    Denied,
}

/// Where the text of a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keeper {
    /// In the file of secrets.
    File,
    /// In the system's keyring.
    Keyring,
    /// There is none.
    Nobody,
}

/// What is to be stored.
#[derive(Debug, Clone)]
pub enum NewSecret {
    /// A secret.
    Secret(Secret),
    /// A refresh token.
    OAuth(Grant, Secret),
    /// That there is none, and never will be.
    Denied,
}
