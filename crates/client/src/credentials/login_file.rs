//! Reads the `login.toml` of Azure's mirror for containerd (`/etc/acr-mirror/login.toml`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use futures_util::future::BoxFuture;
use lazaret_files::blocking;
use lazaret_oci::{Registry, Repository};
use lazaret_values::Secret;
use serde::Deserialize;

use super::file::read_text;
use super::keys::normalize;
use crate::{Credential, CredentialSource, Error, hub};

/// The credentials in a file with a table `[auth."<host>"]` of `username` and `password` for each
/// registry. Other tables and keys are ignored.
///
/// The file is read at every lookup. One that is missing has no credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginFile {
    path: PathBuf,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    auth: BTreeMap<String, Login>,
}

#[derive(Deserialize)]
struct Login {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
}

impl LoginFile {
    /// The credentials in the file `path`.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }
}

impl CredentialSource for LoginFile {
    fn credential<'a>(
        &'a self,
        registry: &'a Registry,
        _: Option<&'a Repository>,
    ) -> BoxFuture<'a, Result<Option<Credential>, Error>> {
        let (path, registry) = (self.path.clone(), registry.clone());
        Box::pin(blocking(move || find(&path, &registry)))
    }
}

/// The credential of `registry`; entries without a password give none.
fn find(path: &Path, registry: &Registry) -> Result<Option<Credential>, Error> {
    let Some(text) = read_text(path)? else {
        return Ok(None);
    };
    let content: Content = toml::from_str(&text).map_err(|error| bad_toml(path, &text, &error))?;
    let names = hub::names(registry);
    let found = content.auth.into_iter().find(|(host, login)| {
        !login.password.is_empty() && names.contains(&normalize(host).to_ascii_lowercase().as_str())
    });
    Ok(found.map(|(_, login)| Credential::Basic {
        username: login.username,
        password: Secret::new(login.password),
    }))
}

/// An error with the line of the fault, but without content: the parser's own messages quote it.
fn bad_toml(path: &Path, text: &str, error: &toml::de::Error) -> Error {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.as_bytes().get(..start).unwrap_or_default();
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    Error::CredentialFile {
        path: path.to_owned(),
        reason: format!("not the expected TOML (line {line})"),
    }
}
