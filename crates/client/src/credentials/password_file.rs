//! A user name with a password that a file holds.

use std::path::PathBuf;

use futures_util::future::BoxFuture;
use lazaret_files::blocking;
use lazaret_oci::{Registry, Repository};
use lazaret_values::Secret;

use super::file::read_text;
use crate::{Credential, CredentialSource, Error, hub};

/// The credential of one registry: a user name, and a password in a file.
///
/// The file is read at every lookup, so that a changed password takes effect within a minute, the
/// time for which a client remembers a credential. Line ends after the password do not belong to
/// it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordFile {
    registry: Registry,
    username: String,
    path: PathBuf,
}

impl PasswordFile {
    /// The credential of `username` at `registry`, with the password in the file `path`.
    #[must_use]
    pub fn new(registry: Registry, username: impl Into<String>, path: PathBuf) -> Self {
        Self {
            registry,
            username: username.into(),
            path,
        }
    }

    async fn read(&self) -> Result<Credential, Error> {
        let fail = |reason: &str| Error::CredentialFile {
            path: self.path.clone(),
            reason: reason.to_owned(),
        };
        let path = self.path.clone();
        let text = blocking(move || read_text(&path)).await?;
        let text = text.ok_or_else(|| fail("it does not exist"))?;
        let password = text.trim_end_matches(['\r', '\n']);
        if password.is_empty() {
            return Err(fail("it is empty"));
        }
        Ok(Credential::Basic {
            username: self.username.clone(),
            password: Secret::new(password),
        })
    }
}

impl CredentialSource for PasswordFile {
    fn credential<'a>(
        &'a self,
        registry: &'a Registry,
        _: Option<&'a Repository>,
    ) -> BoxFuture<'a, Result<Option<Credential>, Error>> {
        Box::pin(async move {
            if !hub::is_same(registry, &self.registry) {
                return Ok(None);
            }
            self.read().await.map(Some)
        })
    }
}
