//! Makes the source of credentials for an upstream from its settings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lazaret_client::{
    Anonymous, AzureRegistry, AzureToken, CredentialFiles, CredentialSource, HelperOptions,
    HelperSource, Keychain, KubeletProvider, KubeletProviderOptions, LoginFile, Options,
    PasswordFile, Program, TokenOrigin,
};
use lazaret_oci::Registry;

use crate::Error;
use crate::config::{AcrSettings, Upstream, UpstreamCredentials};

/// Longest run of a credential helper.
const HELPER: Duration = Duration::from_secs(30);
/// The shell that finds `az`, which is a script of some folder of the `PATH`.
const ENV: &str = "/usr/bin/env";

/// The source of credentials for an endpoint of an upstream.
///
/// # Errors
/// Fails when settings of programs cannot be used.
pub(super) fn source(
    upstream: &Upstream,
    registry: &Registry,
    files: &CredentialFiles,
    options: &Options,
) -> Result<Arc<dyn CredentialSource>, Error> {
    let wrong = |error: lazaret_client::Error| Error::Upstream {
        namespace: upstream.namespace.clone(),
        reason: error.to_string(),
    };
    let Some(settings) = &upstream.credentials else {
        return Ok(Arc::new(Keychain::new(files.clone())));
    };
    Ok(match settings {
        UpstreamCredentials {
            anonymous: true, ..
        } => Arc::new(Anonymous),
        UpstreamCredentials {
            username: Some(username),
            password_file: Some(file),
            ..
        } => Arc::new(PasswordFile::new(registry.clone(), username, file.clone())),
        UpstreamCredentials {
            docker_config: Some(file),
            ..
        } => Arc::new(Keychain::new(CredentialFiles {
            docker: Some(file.clone()),
            helper_folders: files.helper_folders.clone(),
            ..CredentialFiles::default()
        })),
        UpstreamCredentials {
            login_file: Some(file),
            ..
        } => login(file, registry, options).map_err(wrong)?,
        UpstreamCredentials {
            helper: Some(helper),
            ..
        } => Arc::new(HelperSource::new(HelperOptions {
            registry: registry.clone(),
            name: helper.name.clone(),
            folders: files.helper_folders.clone(),
            lifetime: helper.lifetime.duration(),
            timeout: HELPER,
        })),
        UpstreamCredentials {
            kubelet: Some(kubelet),
            ..
        } => {
            let own = vec![registry.to_string()];
            let provider = KubeletProvider::new(KubeletProviderOptions {
                program: Program {
                    command: kubelet.command.clone(),
                    args: kubelet.args.clone(),
                    env: pairs(&kubelet.env),
                },
                match_images: match kubelet.match_images.is_empty() {
                    true => own,
                    false => kubelet.match_images.clone(),
                },
                default_cache_duration: kubelet.cache.map_or(Duration::ZERO, |age| age.duration()),
            });
            Arc::new(provider.map_err(wrong)?)
        }
        UpstreamCredentials { acr: Some(acr), .. } => {
            let token = token(acr, &upstream.namespace);
            let tenant = acr.tenant.clone();
            let source = AzureRegistry::new(registry.clone(), tenant, token, options);
            Arc::new(source.map_err(wrong)?)
        }
        _ => Arc::new(Keychain::new(files.clone())),
    })
}

/// A file of the original mirror: its tables of users, or a refresh token.
fn login(
    file: &Path,
    registry: &Registry,
    options: &Options,
) -> Result<Arc<dyn CredentialSource>, lazaret_client::Error> {
    if file
        .extension()
        .is_some_and(|extension| extension == "toml")
    {
        return Ok(Arc::new(LoginFile::new(file.to_owned())));
    }
    let token = AzureToken::Refresh(TokenOrigin::File(file.to_owned()));
    let source = AzureRegistry::new(registry.clone(), None, token, options)?;
    Ok(Arc::new(source))
}

fn token(acr: &AcrSettings, namespace: &str) -> AzureToken {
    let file = |path: &PathBuf| TokenOrigin::File(path.clone());
    if let Some(path) = &acr.access_token_file {
        return AzureToken::Access(file(path));
    }
    if let Some(path) = &acr.refresh_token_file {
        return AzureToken::Refresh(file(path));
    }
    let first = namespace.split(['.', ':']).next().unwrap_or_default();
    let name = acr.registry.clone().unwrap_or_else(|| first.to_owned());
    let words = ["az", "acr", "login", "--expose-token", "--name"];
    let args = words.iter().map(|word| (*word).to_owned());
    AzureToken::Refresh(TokenOrigin::Program(Program {
        command: ENV.into(),
        args: args.chain([name]).collect(),
        env: pairs(&acr.env),
    }))
}

fn pairs(env: &BTreeMap<String, String>) -> Vec<(String, String)> {
    env.iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
