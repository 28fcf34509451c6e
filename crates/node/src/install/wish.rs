//! What a user wants: which engines, which mirror, for which registries.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use lazaret_values::Printable;
use serde::{Deserialize, Serialize};

use super::authority::Authority;
use super::error::Error;
use super::origin::{MirrorUrl, Origin};

/// A container engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// containerd 1.5 and later, with nerdctl and the CRI plugin.
    Containerd,
    /// podman, with skopeo, buildah and CRI-O, which read the same files.
    Podman,
    /// dockerd.
    Docker,
    /// A `BuildKit` daemon of its own.
    Buildkit,
    /// k3s; with [`Places::k3s`] also RKE2, which reads the same files elsewhere.
    K3s,
}

/// What the engines shall do.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The engines, in the order in which their files are written.
    pub engines: Vec<Engine>,
    /// The mirror.
    pub mirror: MirrorUrl,
    /// The registries whose images come through it.
    pub namespaces: Vec<Namespace>,
    /// Whether an engine may ask the registry itself when the mirror fails. Where an engine cannot be kept from
    /// it, the plan says so.
    pub fallback: bool,
    /// The root folder of the node: `/`, or where its disk is mounted. Nothing outside it is read or written.
    pub root: PathBuf,
    /// Where the engines' files are.
    pub places: Places,
}

/// A registry whose images come through the mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// Its name.
    pub name: Name,
    /// The server that an engine falls back to; none for the one that the engine knows itself.
    pub server: Option<Origin>,
}

impl Namespace {
    /// The server, unless it is the one that every engine knows for the name.
    pub(super) fn other_server(&self) -> Option<&Origin> {
        let known = match self.name.to_string() {
            hub if hub == "docker.io" => "registry-1.docker.io".to_owned(),
            name => name,
        };
        let server = self.server.as_ref();
        server.filter(|server| server.is_plain() || server.host() != known)
    }
}

/// The name of a registry as in references of images, or the one that stands for all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// All registries without an entry of their own; written `_default` or `*`.
    Default,
    /// `HOST` or `HOST:PORT`.
    Host(HostName),
}

/// The name of one registry. [`Name`] parses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName(Authority);

impl HostName {
    /// Whether it can be a part of a repository's name, which has neither `:` nor brackets.
    pub(super) fn is_path(&self) -> bool {
        self.0.port().is_none() && !self.0.is_ipv6()
    }

    pub(super) fn is_ipv6(&self) -> bool {
        self.0.is_ipv6()
    }

    /// The folders that containerd looks for, in its order (`remotes/docker/config`, all versions): the first
    /// that exists is read, and no other.
    pub(super) fn folders(&self) -> Vec<String> {
        let text = self.0.to_string();
        match text.rsplit_once(':') {
            Some((host, port)) => vec![format!("{host}_{port}_"), text.clone()],
            None => vec![text],
        }
    }

    /// The folder to make when none exists. With a port it is the form that containerd looks for first.
    pub(super) fn new_folder(&self) -> String {
        match self.0.port() {
            Some(port) => format!("{}_{port}_", self.0.host()),
            None => self.0.to_string(),
        }
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if matches!(text, "_default" | "*") {
            return Ok(Self::Default);
        }
        let authority = Authority::parse(text).map_err(|reason| Error::Name {
            text: Printable::excerpt(text),
            reason,
        })?;
        Ok(Self::Host(HostName(authority)))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("_default"),
            Self::Host(host) => host.fmt(f),
        }
    }
}

/// Where the engines' files are, as absolute paths below the root folder. The default is where Debian's and
/// the engines' own packages have them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// containerd's configuration.
    pub containerd: PathBuf,
    /// The folder of containerd's `hosts.toml` files; none for the one that its configuration names.
    pub containerd_hosts: Option<PathBuf>,
    /// The folder with podman's `registries.conf`, `registries.conf.d` and `certs.d`.
    pub podman: PathBuf,
    /// The folder with dockerd's `daemon.json` and `certs.d`.
    pub docker: PathBuf,
    /// `BuildKit`'s configuration.
    pub buildkit: PathBuf,
    /// The folder with `registries.yaml` of k3s or RKE2.
    pub k3s: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            containerd: "/etc/containerd/config.toml".into(),
            containerd_hosts: None,
            podman: "/etc/containers".into(),
            docker: "/etc/docker".into(),
            buildkit: "/etc/buildkit/buildkitd.toml".into(),
            k3s: "/etc/rancher/k3s".into(),
        }
    }
}

#[cfg(test)]
mod tests;
