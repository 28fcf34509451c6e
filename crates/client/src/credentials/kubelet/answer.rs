//! Reads the answer of a provider: `CredentialProviderResponse`.

use std::collections::BTreeMap;
use std::time::Duration;

use lazaret_values::Secret;
use serde::Deserialize;

use super::pattern::ImagePattern;
use super::span::parse_span;
use crate::Credential;

/// The version of requests and answers.
pub(super) const API_VERSION: &str = "credentialprovider.kubelet.k8s.io/v1";
/// Most patterns of an answer.
const MOST_PATTERNS: usize = 1000;

/// The images for which an answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum CacheKey {
    /// The image that was asked for.
    Image,
    /// All images of its registry.
    Registry,
    /// All images.
    Global,
}

/// An answer.
pub(super) struct Answer {
    pub(super) key: CacheKey,
    /// Time for which it holds, if it says so.
    pub(super) life: Option<Duration>,
    /// The credentials by their patterns, the one to try first first.
    auth: Vec<(ImagePattern, Credential)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    api_version: String,
    kind: String,
    cache_key_type: CacheKey,
    #[serde(default)]
    cache_duration: Option<String>,
    #[serde(default)]
    auth: Option<BTreeMap<String, Login>>,
}

#[derive(Default, Deserialize)]
struct Login {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
}

impl Answer {
    /// Parses the standard output of a provider. Faults do not quote it.
    pub(super) fn parse(out: &[u8]) -> Result<Self, &'static str> {
        let response: Response =
            serde_json::from_slice(out).map_err(|_| "its answer is not the expected JSON")?;
        if response.api_version != API_VERSION || response.kind != "CredentialProviderResponse" {
            return Err("its answer has another version or kind");
        }
        let life = response.cache_duration.as_deref().map(parse_span);
        let life = life
            .transpose()
            .map_err(|()| "its answer has a bad cacheDuration")?;
        let auth = response.auth.unwrap_or_default();
        if auth.len() > MOST_PATTERNS {
            return Err("its answer has too many patterns");
        }
        // kubelet tries the patterns in this order: the more specific of two starts is later.
        let auth = auth.into_iter().rev().filter_map(|(pattern, login)| {
            let pattern = ImagePattern::parse(plain(&pattern)).ok()?;
            let credential = Credential::Basic {
                username: login.username,
                password: Secret::new(login.password),
            };
            Some((pattern, credential))
        });
        Ok(Self {
            key: response.cache_key_type,
            life,
            auth: auth.collect(),
        })
    }

    /// The credential for an image, of which these are the names.
    pub(super) fn credential(&self, images: &[String]) -> Option<Credential> {
        let fits = |pattern: &ImagePattern| images.iter().any(|image| pattern.matches(image));
        let found = self.auth.iter().find(|(pattern, _)| fits(pattern));
        found.map(|(_, credential)| credential.clone())
    }
}

/// A pattern without scheme and version of the API, which kubelet ignores in answers.
fn plain(pattern: &str) -> &str {
    let bare = pattern
        .strip_prefix("https://")
        .or_else(|| pattern.strip_prefix("http://"))
        .unwrap_or(pattern);
    match bare.split_once('/') {
        Some((host, "v1/" | "v2/" | "")) => host,
        _ => bare,
    }
}
