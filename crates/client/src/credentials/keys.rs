//! The keys under which the credentials of a repository may be stored.

use lazaret_oci::{Registry, Repository};

use crate::hub;

/// `host/a/b`, `host/a`, `host`: the most specific first, for every name of the host.
pub(super) fn keys(registry: &Registry, repository: Option<&Repository>) -> Vec<String> {
    let segments: Vec<&str> = repository.map_or_else(Vec::new, |r| r.segments().collect());
    let mut keys = Vec::new();
    for depth in (0..=segments.len()).rev() {
        for host in hub::names(registry) {
            let mut key = host.to_owned();
            for segment in &segments[..depth] {
                key.push('/');
                key.push_str(segment);
            }
            keys.push(key);
        }
    }
    keys
}

/// Converts a key of another program's file to the form of [`keys`]: without scheme, API version
/// and trailing slash, which `https://index.docker.io/v1/` has.
pub(super) fn normalize(key: &str) -> String {
    let bare = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"));
    let Some(bare) = bare else {
        return key.trim_end_matches('/').to_owned();
    };
    // Old keys are URLs, whose path is only the version of the API.
    let bare = bare.trim_end_matches('/');
    let bare = bare
        .strip_suffix("/v1")
        .or_else(|| bare.strip_suffix("/v2"))
        .unwrap_or(bare);
    bare.trim_end_matches('/').to_ascii_lowercase()
}
