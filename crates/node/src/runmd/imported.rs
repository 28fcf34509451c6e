//! What a configuration of the original mirror becomes.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use super::left::Left;
use super::origin::Origin;

/// A converted configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The dialect that the configuration is written in.
    pub dialect: Dialect,
    /// Where the mirror listens. Empty only when the original served nothing.
    pub listen: Vec<Listen>,
    /// The registries behind the mirror. Empty only when the original served nothing.
    pub upstreams: Vec<Upstream>,
    /// Hosts files of container runtimes that the original wrote at its start. They are no settings
    /// of a server: an installer writes them.
    pub hosts: Vec<Hosts>,
    /// What is not converted, in the order of the files.
    pub left: Vec<Left>,
}

/// A dialect of the original mirror's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Of October 2022: the stages stand below the resource.
    Stages,
    /// To January 2023: resources name operations of the `.runmd` beside; `.mirror` names the
    /// registry.
    Operations,
    /// The last: as [`Dialect::Operations`], but the folder names the registry.
    Folder,
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stages => "stages below resources",
            Self::Operations => "operations in .runmd",
            Self::Folder => "operations in .runmd, registry named by the folder",
        })
    }
}

/// An address that the mirror listens on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// The address; `localhost` is 127.0.0.1.
    pub address: SocketAddr,
    /// The statement that names it.
    pub origin: Origin,
}

/// A registry behind the mirror, reached at `https://NAMESPACE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Its host, as clients send it in `?ns=`.
    pub namespace: String,
    /// The statement that names it; `None` when the folder does.
    pub origin: Option<Origin>,
    /// Where its credentials come from, and the statement that says it; `None` is the default,
    /// Lazaret's keychain.
    pub credentials: Option<(Credentials, Origin)>,
    /// What is served, and how.
    pub pipeline: Pipeline,
    /// What is served otherwise to requests whose header `x-ms-upgrade-if-streamable` has the key
    /// as its value. A resource without a route in it is served as without the header.
    pub tagged: BTreeMap<String, Pipeline>,
}

/// Where the credentials of an upstream come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A file of the original mirror: `access_token`, `token_cache` or `login.toml`.
    LoginFile(String),
    /// An access token of an Azure container registry, as `az acr login --expose-token` gives it.
    Acr {
        /// The registry's name, without its domain.
        registry: String,
    },
}

/// What is served of an upstream. A resource without a route is not served.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pipeline {
    /// `/v2/REPOSITORY/manifests/REFERENCE`.
    pub manifests: Option<Route>,
    /// `/v2/REPOSITORY/blobs/DIGEST`.
    pub blobs: Option<Route>,
    /// `/v2/REPOSITORY/tags/list`.
    pub tags: Option<Route>,
    /// `/v2/REPOSITORY/blobs/uploads/`.
    pub uploads: Option<Route>,
}

/// How a resource is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The methods, each once, in the order of [`Method`].
    pub methods: Vec<Method>,
    /// What is done for a request, in order.
    pub stages: Vec<Stage>,
    /// The statements that say so: of the resource, and of its operation.
    pub origins: Vec<Origin>,
}

/// A method of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    missing_docs,
    reason = "each is named as RFC 9110 and RFC 5789 name it"
)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Get,
        Self::Head,
        Self::Post,
        Self::Put,
        Self::Patch,
        Self::Delete,
    ];

    /// Its name in a request.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A step of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Takes the upstream's credentials.
    Login,
    /// Gets a token for them, as the upstream's challenge says.
    Authn,
    /// Asks the upstream for the manifest. The media types that are accepted, in order; none are the
    /// client's own.
    Resolve(Vec<String>),
    /// Looks for referrers of these artifact types.
    Discover(Vec<String>),
    /// Answers with a streamable form of the image, if there is one.
    Teleport(Format),
    /// Answers from what is kept.
    Cache,
    /// Asks the upstream, and keeps the answer where [`Stage::Cache`] stands before.
    Pull,
}

/// A form of images that is read while it is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// overlaybd.
    Overlaybd,
    /// nydus.
    Nydus,
    /// The artifact streaming of Azure container registries.
    Acr,
}

impl Format {
    /// Its name in the settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overlaybd => "overlaybd",
            Self::Nydus => "nydus",
            Self::Acr => "acr",
        }
    }
}

/// A hosts file of a container runtime that the original wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    /// The registry that the file is for; `_default` is every other one.
    pub namespace: String,
    /// The mirrors of it, in order. The file's text, unchecked.
    pub addresses: Vec<HostsAddress>,
    /// The address to use when no mirror answers. The file's text, unchecked.
    pub server: Option<String>,
    /// The path of the certificate that the mirror's is signed with. The file's text, unchecked.
    pub ca: Option<String>,
    /// The statements that say so.
    pub origins: Vec<Origin>,
}

/// A mirror in a hosts file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostsAddress {
    /// The address as it was written, mostly without a scheme: `localhost:8578`.
    pub address: String,
    /// What the mirror can do: `pull`, `resolve` and `push`. Empty where nothing was written.
    pub capabilities: Vec<String>,
}
