//! The names of Docker Hub.
//!
//! References use `docker.io`, the API is at `registry-1.docker.io`, and Docker stores credentials
//! under `index.docker.io`; all three are one registry.

use lazaret_oci::{Registry, Repository};

/// The name in references, and in Lazaret's own credential file.
const NAME: &str = "docker.io";
/// All names of Docker Hub.
const ALIASES: [&str; 3] = [NAME, "index.docker.io", API];
/// The host of the API.
const API: &str = "registry-1.docker.io";
/// The key under which Docker stores Docker Hub's credentials.
const DOCKER_KEY: &str = "https://index.docker.io/v1/";

fn is_hub(registry: &Registry) -> bool {
    ALIASES.contains(&registry.as_str())
}

/// The host, with port, of the registry's API.
pub(crate) fn api_host(registry: &Registry) -> &str {
    if is_hub(registry) {
        API
    } else {
        registry.as_str()
    }
}

/// The repository's name at the API: on Docker Hub, single names are in `library/`.
pub(crate) fn api_name(registry: &Registry, repository: &Repository) -> Repository {
    if is_hub(registry) && repository.segments().count() == 1 {
        format!("library/{repository}")
            .parse()
            .unwrap_or_else(|_| repository.clone())
    } else {
        repository.clone()
    }
}

/// The name of the registry under which credentials are stored.
pub(crate) fn canonical(registry: &Registry) -> &str {
    if is_hub(registry) {
        NAME
    } else {
        registry.as_str()
    }
}

/// Whether two names are those of one registry.
pub(crate) fn is_same(one: &Registry, other: &Registry) -> bool {
    canonical(one) == canonical(other)
}

/// The names of the registry: its own first, then its aliases.
pub(crate) fn names(registry: &Registry) -> Vec<&str> {
    let own = registry.as_str();
    let mut names = vec![own];
    if is_hub(registry) {
        names.extend(ALIASES.iter().filter(|name| **name != own));
    }
    names
}

/// The names to ask credential helpers for.
pub(crate) fn helper_keys(registry: &Registry) -> Vec<&str> {
    let mut keys = names(registry);
    if is_hub(registry) {
        keys.insert(0, DOCKER_KEY);
    }
    keys
}

#[cfg(test)]
mod tests;
