//! Finds the upstream that a request is for.
//!
//! ```text
//! /v2/library/alpine/...?ns=docker.io         by namespace, as containerd asks
//! /v2/docker.io/library/alpine/...            by prefix
//! /v2/library/alpine/... at a virtual host    by the server's name, as dockerd asks
//! /https://registry-1.docker.io/v2/...        by URL, as overlaybd's p2pConfig asks
//! ```

#[cfg(test)]
mod tests;

use std::sync::Arc;

use lazaret_oci::Repository;

use crate::upstream::Upstream;

/// The namespace whose repositories of one part are below `library/`.
const HUB: &str = "docker.io";
/// What clients call that namespace, too.
const HUB_NAMES: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// The parts of a request that say for which upstream it is.
#[derive(Debug, Clone, Copy)]
pub struct Address<'a> {
    /// The path, still percent-encoded.
    pub path: &'a str,
    /// The server's name and port as the client knows it.
    pub host: Option<&'a str>,
    /// The value of `ns` in the query.
    pub namespace: Option<&'a str>,
}

/// For whom a request is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// For this registry, or for an upstream by prefix.
    AsItIs,
    /// For an upstream: the path with its prefix.
    Mirrored {
        /// The path in this registry.
        path: String,
        /// The namespace of the upstream.
        namespace: String,
    },
    /// For an upstream that this mirror does not have.
    Foreign(String),
}

/// The upstreams, by all of their names.
pub(crate) struct Places {
    upstreams: Vec<Arc<Upstream>>,
}

impl Places {
    /// The longest prefix that fits a repository counts.
    pub(crate) fn new(mut upstreams: Vec<Arc<Upstream>>) -> Self {
        upstreams
            .sort_by_key(|upstream| std::cmp::Reverse(upstream.settings.prefix.as_str().len()));
        Self { upstreams }
    }

    pub(crate) fn all(&self) -> &[Arc<Upstream>] {
        &self.upstreams
    }

    /// Finds out for whom a request is.
    pub(crate) fn enter(&self, address: &Address<'_>) -> Entry {
        if let Some((host, path)) = url_path(address.path) {
            return self.by_namespace(host, path);
        }
        let Some(rest) = address.path.strip_prefix("/v2/") else {
            return Entry::AsItIs;
        };
        // What is about the registry as a whole is never an upstream's.
        if rest.is_empty() || rest.starts_with('_') {
            return Entry::AsItIs;
        }
        if let Some(namespace) = address.namespace.filter(|name| !name.is_empty()) {
            return match (self.by_namespace(namespace, address.path), address.host) {
                // A client that asks a registry for its own content names it, too.
                (Entry::Foreign(name), Some(host)) if host.eq_ignore_ascii_case(&name) => {
                    Entry::AsItIs
                }
                (entry, _) => entry,
            };
        }
        if self.begins_with_prefix(rest) {
            return self.by_prefix(rest, address.path);
        }
        let virtual_host = address.host.and_then(|host| {
            let name = without_port(host);
            self.upstreams.iter().find(|upstream| {
                let names = &upstream.settings.virtual_hosts;
                names.iter().any(|known| {
                    known.eq_ignore_ascii_case(host) || known.eq_ignore_ascii_case(name)
                })
            })
        });
        match virtual_host {
            Some(upstream) => mirrored(upstream, address.path),
            None => Entry::AsItIs,
        }
    }

    /// Whether a path without `/v2/` begins with the prefix of an upstream.
    fn begins_with_prefix(&self, rest: &str) -> bool {
        self.upstreams.iter().any(|upstream| {
            let prefix = upstream.settings.prefix.as_str();
            rest.strip_prefix(prefix)
                .is_some_and(|rest| rest.starts_with('/'))
        })
    }

    /// The upstream of a repository of this registry, and the repository's name there.
    pub(crate) fn of(&self, repository: &Repository) -> Option<(Arc<Upstream>, Repository)> {
        self.upstreams.iter().find_map(|upstream| {
            let rest = repository
                .as_str()
                .strip_prefix(upstream.settings.prefix.as_str())?
                .strip_prefix('/')?;
            Some((Arc::clone(upstream), rest.parse().ok()?))
        })
    }

    /// The upstream that clients call so.
    pub(crate) fn named(&self, namespace: &str) -> Option<&Arc<Upstream>> {
        let is_hub = HUB_NAMES
            .iter()
            .any(|name| name.eq_ignore_ascii_case(namespace));
        let wanted = if is_hub { HUB } else { namespace };
        let mut all = self.upstreams.iter();
        all.find(|upstream| upstream.settings.namespace.eq_ignore_ascii_case(wanted))
    }

    fn by_namespace(&self, namespace: &str, path: &str) -> Entry {
        match self.named(namespace) {
            Some(upstream) => mirrored(upstream, path),
            None => Entry::Foreign(namespace.to_owned()),
        }
    }

    /// Names of Docker Hub may lack `library/` in a path, too.
    fn by_prefix(&self, rest: &str, path: &str) -> Entry {
        let upstream = self.upstreams.iter().find(|upstream| {
            upstream.settings.namespace == HUB
                && rest
                    .strip_prefix(upstream.settings.prefix.as_str())
                    .is_some_and(|rest| rest.starts_with('/'))
        });
        let Some(upstream) = upstream else {
            return Entry::AsItIs;
        };
        let bare = &rest[upstream.settings.prefix.as_str().len()..];
        match mirrored(upstream, &format!("/v2{bare}")) {
            Entry::Mirrored { path: new, .. } if new == path => Entry::AsItIs,
            entry => entry,
        }
    }
}

/// The entry for a path without the upstream's prefix.
fn mirrored(upstream: &Upstream, path: &str) -> Entry {
    let namespace = upstream.settings.namespace.clone();
    let rest = path.strip_prefix("/v2/").unwrap_or_default();
    let first_is_whole = ["/manifests/", "/blobs/", "/tags/", "/referrers/"]
        .iter()
        .any(|part| {
            rest.find('/')
                .is_some_and(|at| rest[at..].starts_with(part))
        });
    let library = if namespace == HUB && first_is_whole {
        "library/"
    } else {
        ""
    };
    Entry::Mirrored {
        path: format!("/v2/{}/{library}{rest}", upstream.settings.prefix),
        namespace,
    }
}

/// Splits `/https://host/v2/...` into host and path.
fn url_path(path: &str) -> Option<(&str, &str)> {
    let rest = path
        .strip_prefix("/https://")
        .or_else(|| path.strip_prefix("/http://"))?;
    let slash = rest.find('/')?;
    Some((&rest[..slash], &rest[slash..]))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}
