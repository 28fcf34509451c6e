//! Files and programs that hold tokens, bare or in JSON.

use std::path::PathBuf;

use lazaret_files::blocking;
use lazaret_oci::Registry;
use lazaret_values::Secret;
use serde::Deserialize;

use crate::Error;
use crate::credentials::{Program, read_text};

/// The place that a token comes from.
///
/// Its text is a bare token, a JSON string, or a JSON object with `accessToken` or `access_token`;
/// for refresh tokens also with `refreshToken` or `refresh_token`, which come first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenOrigin {
    /// A file, which is read at every lookup.
    File(PathBuf),
    /// The standard output of a program, which runs when a new token is needed.
    Program(Program),
}

/// The members of JSON objects with tokens. Others are ignored.
#[derive(Default, Deserialize)]
struct Tokens {
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default, rename = "refreshToken")]
    azure_refresh_token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default, rename = "accessToken")]
    azure_access_token: Option<String>,
}

impl TokenOrigin {
    /// Checks a program that may have to run later.
    pub(super) fn check(&self) -> Result<(), Error> {
        match self {
            Self::File(_) => Ok(()),
            Self::Program(program) => program.check(),
        }
    }

    /// The token for `registry`; an access token of Entra ID, or else a refresh token.
    pub(super) async fn token(
        &self,
        registry: &Registry,
        is_access: bool,
    ) -> Result<Secret, Error> {
        match self {
            Self::File(path) => {
                let fail = |reason: &str| Error::CredentialFile {
                    path: path.clone(),
                    reason: reason.to_owned(),
                };
                let name = path.clone();
                let text = blocking(move || read_text(&name)).await?;
                let text = text.ok_or_else(|| fail("it does not exist"))?;
                parse(&text, is_access).map_err(fail)
            }
            Self::Program(program) => {
                let fail = |reason: String| Error::CredentialHelper {
                    helper: program.name(),
                    server: registry.to_string(),
                    reason,
                };
                let out = program.run(b"").await.map_err(fail)?;
                let text = String::from_utf8(out).map_err(|_| "its answer is not UTF-8");
                text.and_then(|text| parse(&text, is_access))
                    .map_err(|reason| fail(reason.to_owned()))
            }
        }
    }
}

/// Finds the token in a text. Faults do not quote it.
fn parse(text: &str, is_access: bool) -> Result<Secret, &'static str> {
    let text = text.trim();
    let token = if text.starts_with('{') {
        let tokens: Tokens =
            serde_json::from_str(text).map_err(|_| "it is not the expected JSON")?;
        let access = [tokens.azure_access_token, tokens.access_token];
        let refresh = [tokens.refresh_token, tokens.azure_refresh_token];
        let refresh = refresh.into_iter().flatten().filter(|_| !is_access);
        refresh
            .chain(access.into_iter().flatten())
            .find(|token| !token.is_empty())
    } else if text.starts_with('"') {
        Some(serde_json::from_str(text).map_err(|_| "it is not the expected JSON")?)
    } else {
        Some(text.to_owned())
    };
    let token = token.unwrap_or_default();
    if token.is_empty() {
        return Err("no token in it");
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("what is in it is no token");
    }
    Ok(Secret::new(token))
}
