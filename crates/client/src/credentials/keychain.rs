//! Looks credentials up in all sources, in a fixed order.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::BoxFuture;
use lazaret_files::blocking;
use lazaret_oci::{Registry, Repository};
use lazaret_values::Secret;

use super::file::{AuthFile, read_text};
use super::helper::Helpers;
use super::keys::{keys, normalize};
use super::store::Store;
use crate::{Credential, CredentialSource, Error, hub};

/// The sources of credentials, as the caller found them in its settings. Missing
/// files are not an error.
#[derive(Debug, Clone)]
pub struct CredentialFiles {
    /// Lazaret's own file.
    pub own: Option<PathBuf>,
    /// Content of the variable `DOCKER_AUTH_CONFIG`.
    pub docker_auth_config: Option<Secret>,
    /// The file of `REGISTRY_AUTH_FILE`.
    pub registry_auth_file: Option<PathBuf>,
    /// `$XDG_RUNTIME_DIR/containers/auth.json`.
    pub runtime: Option<PathBuf>,
    /// `$XDG_CONFIG_HOME/containers/auth.json`.
    pub config: Option<PathBuf>,
    /// `$DOCKER_CONFIG/config.json`, or else `~/.docker/config.json`.
    pub docker: Option<PathBuf>,
    /// Folders with credential helpers, searched before the `PATH`.
    pub helper_folders: Vec<PathBuf>,
    /// Time limit for one run of a helper.
    pub helper_timeout: Duration,
}

impl Default for CredentialFiles {
    fn default() -> Self {
        Self {
            own: None,
            docker_auth_config: None,
            registry_auth_file: None,
            runtime: None,
            config: None,
            docker: None,
            helper_folders: Vec::new(),
            helper_timeout: Duration::from_secs(30),
        }
    }
}

/// Looks credentials up in [`CredentialFiles`], in the order of their fields.
///
/// Files are read at every lookup, so that a login by another program takes effect at once.
#[derive(Debug, Clone)]
pub struct Keychain {
    files: CredentialFiles,
    helpers: Helpers,
}

impl Keychain {
    /// Makes a keychain over `files`.
    #[must_use]
    pub fn new(files: CredentialFiles) -> Self {
        let helpers = Helpers {
            folders: files.helper_folders.clone(),
            timeout: files.helper_timeout,
        };
        Self { files, helpers }
    }

    /// Looks up a credential, the most specific path first within each file.
    ///
    /// # Errors
    /// [`Error::CredentialFile`] and [`Error::CredentialHelper`], because an unreadable source
    /// might have had the credential.
    pub async fn find(
        &self,
        registry: &Registry,
        repository: Option<&Repository>,
    ) -> Result<Option<Credential>, Error> {
        let keys = keys(registry, repository);
        if let Some(path) = &self.files.own {
            let store = Store::new(path.clone());
            let wanted = keys.clone();
            let found = blocking(move || store.find(&wanted)).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        if let Some(content) = &self.files.docker_auth_config {
            let name = Path::new("DOCKER_AUTH_CONFIG");
            let file = AuthFile::parse(content.reveal(), name)?;
            if let Some(found) = self.look(&file, name, registry, &keys).await? {
                return Ok(Some(found));
            }
        }
        let foreign = [
            &self.files.registry_auth_file,
            &self.files.runtime,
            &self.files.config,
            &self.files.docker,
        ];
        for path in foreign.into_iter().flatten() {
            let name = path.clone();
            let Some(file) = blocking(move || read(&name)).await? else {
                continue;
            };
            if let Some(found) = self.look(&file, path, registry, &keys).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Looks in one file: the helper of the registry, then the common helper, then the entries.
    async fn look(
        &self,
        file: &AuthFile,
        name: &Path,
        registry: &Registry,
        keys: &[String],
    ) -> Result<Option<Credential>, Error> {
        let own = file
            .cred_helpers
            .iter()
            .flatten()
            .find(|(have, _)| hub::names(registry).contains(&normalize(have).as_str()));
        let helper = own
            .map(|(_, helper)| helper)
            .or(file.creds_store.as_ref())
            .filter(|helper| !helper.is_empty());
        if let Some(helper) = helper {
            for server in hub::helper_keys(registry) {
                if let Some(found) = self.helpers.get(helper, server).await? {
                    return Ok(Some(found));
                }
            }
        }
        file.find(keys, name)
    }
}

impl CredentialSource for Keychain {
    fn credential<'a>(
        &'a self,
        registry: &'a Registry,
        repository: Option<&'a Repository>,
    ) -> BoxFuture<'a, Result<Option<Credential>, Error>> {
        Box::pin(self.find(registry, repository))
    }
}

fn read(path: &Path) -> Result<Option<AuthFile>, Error> {
    match read_text(path)? {
        Some(text) => AuthFile::parse(&text, path).map(Some),
        None => Ok(None),
    }
}
