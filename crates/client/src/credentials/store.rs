//! Reads and changes Lazaret's own credential file.
//!
//! Its format is `{"auths": {"host[/path]": {"auth": "<base64 of user:password>"}}}`, which Docker
//! and Podman can read too. It has mode 0600 and is replaced as a whole; changes are made under a
//! lock on `<file>.lock`, so that parallel logins lose nothing.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use lazaret_files::Durability;
use lazaret_oci::{Registry, Repository};
use serde::{Deserialize, Serialize};

use super::file::{AuthEntry, from_object, read_text};
use crate::{Credential, Error, hub};

/// A credential file. All methods block.
#[derive(Debug, Clone)]
pub struct Store {
    path: PathBuf,
}

/// One entry of a listing, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// `host[/path]`.
    pub key: String,
    /// The user name; `None` for a token.
    pub username: Option<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Content {
    #[serde(default)]
    auths: BTreeMap<String, AuthEntry>,
}

impl Store {
    /// The store in the file `path`, which need not exist yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The entries, without secrets.
    ///
    /// # Errors
    /// [`Error::CredentialFile`].
    pub fn list(&self) -> Result<Vec<Entry>, Error> {
        let content = self.load()?;
        content
            .auths
            .iter()
            .map(|(key, entry)| {
                let username = match self.credential(key, entry)? {
                    Some(Credential::Basic { username, .. }) => Some(username),
                    _ => None,
                };
                Ok(Entry {
                    key: key.clone(),
                    username,
                })
            })
            .collect()
    }

    /// Stores a credential for a registry, or for one repository and those below its path.
    ///
    /// # Errors
    /// [`Error::CredentialFile`].
    pub fn put(
        &self,
        registry: &Registry,
        path: Option<&Repository>,
        credential: &Credential,
    ) -> Result<(), Error> {
        self.change(|content| {
            content
                .auths
                .insert(key(registry, path), AuthEntry::of(credential));
        })
    }

    /// Removes a credential; returns whether there was one.
    ///
    /// # Errors
    /// [`Error::CredentialFile`].
    pub fn remove(&self, registry: &Registry, path: Option<&Repository>) -> Result<bool, Error> {
        let mut removed = false;
        self.change(|content| removed = content.auths.remove(&key(registry, path)).is_some())?;
        Ok(removed)
    }

    /// The credential under the first of `keys` that has one.
    pub(super) fn find(&self, keys: &[String]) -> Result<Option<Credential>, Error> {
        let content = self.load()?;
        for key in keys {
            if let Some(entry) = content.auths.get(key)
                && let Some(credential) = self.credential(key, entry)?
            {
                return Ok(Some(credential));
            }
        }
        Ok(None)
    }

    fn credential(&self, key: &str, entry: &AuthEntry) -> Result<Option<Credential>, Error> {
        entry.credential().map_err(|reason| Error::CredentialFile {
            path: self.path.clone(),
            reason: format!("the entry '{key}' {reason}"),
        })
    }

    fn load(&self) -> Result<Content, Error> {
        match read_text(&self.path)? {
            Some(text) => from_object(&text, &self.path),
            None => Ok(Content::default()),
        }
    }

    fn fail(&self, doing: &str, error: &std::io::Error) -> Error {
        Error::CredentialFile {
            path: self.path.clone(),
            reason: format!("failed to {doing}: {error}"),
        }
    }

    /// Reads, changes and replaces the file under its lock.
    fn change(&self, change: impl FnOnce(&mut Content)) -> Result<(), Error> {
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        Durability::Synced
            .create_dirs(folder)
            .map_err(|e| self.fail("make its folder", &e.source))?;
        let _lock = self.lock()?;
        let mut content = self.load()?;
        change(&mut content);
        let mut text = serde_json::to_vec_pretty(&content).expect("the keys are strings");
        text.push(b'\n');
        lazaret_files::replace(&self.path, &text, 0o600)
            .map_err(|e| self.fail("replace it", &e.source))
    }

    /// Takes the lock, which lasts until the file is dropped. It is a separate file, because the
    /// credential file is replaced.
    fn lock(&self) -> Result<File, Error> {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".lock");
        let no_follow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(no_follow)
            .open(PathBuf::from(name))
            .map_err(|e| self.fail("open its lock", &e))?;
        file.lock().map_err(|e| self.fail("lock it", &e))?;
        Ok(file)
    }
}

fn key(registry: &Registry, path: Option<&Repository>) -> String {
    let host = hub::canonical(registry);
    match path {
        Some(path) => format!("{host}/{path}"),
        None => host.to_owned(),
    }
}
