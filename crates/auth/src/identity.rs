//! Who is asking, for what.

use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ClientCertificate;
use super::limits::Place;
use super::scope::Scopes;

/// The other end of a connection.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// Whether the connection is encrypted.
    pub tls: bool,
    /// The client's certificate, verified against the authorities of the settings.
    pub certificate: Option<Arc<ClientCertificate>>,
}

/// What somebody wants to do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Read manifests, blobs, tags and referrers.
    Pull,
    /// Write manifests, blobs and tags.
    Push,
    /// Delete manifests, blobs and tags.
    Delete,
    /// Read the catalog; it shows the repositories that may be pulled.
    List,
    /// Read metrics and change the registry itself.
    Administer,
}

impl Action {
    /// The word in rules and scopes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
            Self::List => "list",
            Self::Administer => "administer",
        }
    }
}

/// How somebody was identified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Not at all.
    Anonymous,
    /// By a name and password of the htpasswd file.
    Password,
    /// By an API key.
    ApiKey,
    /// By a token of another issuer.
    Oidc,
    /// By a client certificate.
    Certificate,
    /// By a token that this registry gave out.
    Token,
}

impl Method {
    /// The word in the audit log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Password => "password",
            Self::ApiKey => "api-key",
            Self::Oidc => "oidc",
            Self::Certificate => "certificate",
            Self::Token => "token",
        }
    }
}

/// Who is asking. Keep it until the answer is sent: it holds a place among the requests that
/// the client may have under way.
#[derive(Debug, Clone)]
pub struct Identity {
    pub(super) user: Option<String>,
    /// Groups that the credential itself names.
    pub(super) groups: Vec<String>,
    pub(super) key: Option<String>,
    pub(super) method: Method,
    /// What the token was made for; `None` when no token limits what may be done.
    pub(super) scope: Option<Arc<Scopes>>,
    /// When the credential ends.
    pub(super) expires: Option<SystemTime>,
    /// Says that a refresh token is for the password as it is now.
    pub(super) proof: Option<String>,
    /// Where the request came from and went to.
    pub(super) origin: Origin,
    pub(super) place: Option<Arc<Place>>,
}

/// Where a request came from and where it went to.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    /// The client, behind proxies that are trusted.
    pub(super) address: IpAddr,
    /// `https://host[:port]`, as the client sees the registry.
    pub(super) base: Option<Arc<str>>,
}

impl Identity {
    /// Nobody in particular.
    pub(super) fn anonymous(origin: Origin) -> Self {
        Self::known(None, Method::Anonymous, origin)
    }

    pub(super) fn known(user: Option<String>, method: Method, origin: Origin) -> Self {
        Self {
            user,
            groups: Vec::new(),
            key: None,
            method,
            scope: None,
            expires: None,
            proof: None,
            origin,
            place: None,
        }
    }

    /// The user; `None` when anonymous.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Groups that the credential itself names.
    #[must_use]
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// Id of the API key that was shown.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// How they were identified.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// The client's address, behind proxies that are trusted.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.origin.address
    }
}
