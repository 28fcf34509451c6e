//! The identity of a client, and the origin of its request.

use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use crate::certificate::ClientCertificate;
use crate::limits::Place;
use crate::scope::Scopes;

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

/// The way in which a client was identified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Not identified.
    Anonymous,
    /// By a user name and password of the htpasswd file.
    Password,
    /// By an API key.
    ApiKey,
    /// By a token of another issuer.
    Oidc,
    /// By a client certificate.
    Certificate,
    /// By a token that this registry issued.
    Token,
}

impl Method {
    /// The name in the audit log.
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

/// An identified or anonymous client. Keep it until the response is sent: it holds a place among
/// the requests that the client may have under way.
#[derive(Debug, Clone)]
pub struct Identity {
    pub(super) user: Option<String>,
    /// Groups that the credential itself names.
    pub(super) groups: Vec<String>,
    pub(super) key: Option<String>,
    pub(super) method: Method,
    /// The scopes of the token; `None` when the credential has no scopes.
    pub(super) scope: Option<Arc<Scopes>>,
    /// The time at which the credential expires.
    pub(super) expires: Option<SystemTime>,
    /// Proves that a refresh token was issued for the current password.
    pub(super) proof: Option<String>,
    /// The origin of the request.
    pub(super) origin: Origin,
    pub(super) place: Option<Arc<Place>>,
}

/// The origin of a request: the client's address and the registry's URL.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    /// The client's address, behind trusted proxies.
    pub(super) address: IpAddr,
    /// The base URL, `https://host[:port]`, as the client sees the registry.
    pub(super) base: Option<Arc<str>>,
}

impl Identity {
    /// An anonymous client.
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

    /// The user name; `None` when anonymous.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Groups that the credential itself names.
    #[must_use]
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// Id of the API key that was presented.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The way in which the client was identified.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// The client's address, behind trusted proxies.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.origin.address
    }
}
