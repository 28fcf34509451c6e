//! Reads files in the format of Docker's `config.json` and Podman's `auth.json`.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use lazaret_values::{Secret, without_byte_order_mark};
use serde::{Deserialize, Serialize};

use super::keys::normalize;
use crate::{Credential, Error};

/// Largest credential file that is read, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// The content of a credential file. Other members are ignored.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthFile {
    #[serde(default)]
    auths: Option<BTreeMap<String, AuthEntry>>,
    #[serde(default)]
    pub(super) creds_store: Option<String>,
    #[serde(default)]
    pub(super) cred_helpers: Option<BTreeMap<String, String>>,
}

/// The entry of a file under one key.
#[derive(Default, Deserialize, Serialize)]
pub(super) struct AuthEntry {
    /// Base64 of `user:password`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) auth: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) password: Option<String>,
    #[serde(
        default,
        rename = "identitytoken",
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) identity_token: Option<String>,
    #[serde(
        default,
        rename = "registrytoken",
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) registry_token: Option<String>,
}

impl AuthFile {
    /// Parses the content of the file `name`; errors name the file and never quote it.
    pub(super) fn parse(text: &str, name: &Path) -> Result<Self, Error> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        from_object(text, name)
    }

    /// The credential under the first of `keys` that has a usable entry.
    pub(super) fn find(&self, keys: &[String], name: &Path) -> Result<Option<Credential>, Error> {
        let Some(auths) = &self.auths else {
            return Ok(None);
        };
        for key in keys {
            for (have, entry) in auths {
                if have == key || normalize(have) == *key {
                    let fail = |reason: &str| Error::CredentialFile {
                        path: name.to_owned(),
                        reason: format!("the entry '{have}' {reason}"),
                    };
                    // Entries without content mark credentials that a helper keeps.
                    if let Some(credential) = entry.credential().map_err(fail)? {
                        return Ok(Some(credential));
                    }
                }
            }
        }
        Ok(None)
    }
}

impl AuthEntry {
    /// The credential of the entry, if it has one.
    pub(super) fn credential(&self) -> Result<Option<Credential>, &'static str> {
        fn filled(text: &Option<String>) -> Option<&String> {
            text.as_ref().filter(|text| !text.is_empty())
        }
        if let Some(token) = filled(&self.identity_token) {
            return Ok(Some(Credential::IdentityToken(Secret::new(token))));
        }
        if let Some(token) = filled(&self.registry_token) {
            return Ok(Some(Credential::Bearer(Secret::new(token))));
        }
        if let Some(auth) = filled(&self.auth) {
            let raw = base64::engine::general_purpose::STANDARD
                .decode(auth.trim())
                .map_err(|_| "has an 'auth' that is not base64")?;
            let text = String::from_utf8(raw).map_err(|_| "has an 'auth' that is not UTF-8")?;
            let (username, password) = text
                .split_once(':')
                .ok_or("has an 'auth' that is not user:password")?;
            return Ok(Some(Credential::Basic {
                username: username.to_owned(),
                password: Secret::new(password.trim_end_matches('\0')),
            }));
        }
        Ok(match (filled(&self.username), filled(&self.password)) {
            (Some(username), Some(password)) => Some(Credential::Basic {
                username: username.clone(),
                password: Secret::new(password),
            }),
            _ => None,
        })
    }

    pub(super) fn of(credential: &Credential) -> Self {
        match credential {
            Credential::Basic { username, password } => Self {
                auth: Some(
                    base64::engine::general_purpose::STANDARD
                        .encode(format!("{username}:{}", password.reveal())),
                ),
                ..Self::default()
            },
            Credential::IdentityToken(secret) => Self {
                identity_token: Some(secret.reveal().to_owned()),
                ..Self::default()
            },
            Credential::Bearer(secret) => Self {
                registry_token: Some(secret.reveal().to_owned()),
                ..Self::default()
            },
        }
    }
}

/// The text of a file; `None` when the file does not exist.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>, Error> {
    let fail = |reason: String| Error::CredentialFile {
        path: path.to_owned(),
        reason,
    };
    match lazaret_files::read_regular_text(path, LARGEST) {
        Ok(text) => Ok(Some(without_byte_order_mark(&text).to_owned())),
        Err(error) if lazaret_files::is_absent(&error) => Ok(None),
        Err(error) => Err(fail(error.to_string())),
    }
}

/// Parses a JSON object. By itself, the parser would also accept an array for a struct.
pub(super) fn from_object<T: serde::de::DeserializeOwned>(
    text: &str,
    path: &Path,
) -> Result<T, Error> {
    if text.trim_start().starts_with('[') {
        return Err(Error::CredentialFile {
            path: path.to_owned(),
            reason: "not the expected JSON (a list)".to_owned(),
        });
    }
    serde_json::from_str(text).map_err(|error| bad_json(path, &error))
}

/// An error with the position of the fault, but without content: the parser's own messages quote
/// it.
fn bad_json(path: &Path, error: &serde_json::Error) -> Error {
    let kind = match error.classify() {
        serde_json::error::Category::Data => "not the expected JSON",
        _ => "not JSON",
    };
    Error::CredentialFile {
        path: path.to_owned(),
        reason: format!("{kind} (line {}, column {})", error.line(), error.column()),
    }
}
