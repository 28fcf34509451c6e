//! The route through a proxy, and the hosts that servers may name to it.
//!
//! The proxy looks names up by itself, and may reach services that this client must not be led to.
//! So a host to which a server pointed is only named to it when the operator allowed that, or when
//! it is the pointing server itself; otherwise the tunnel is one to an address that was checked.

mod hosts;
#[cfg(test)]
mod tests;
mod tunnel;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lazaret_values::Secret;

use self::hosts::Hosts;
use self::tunnel::{Refusal, tunnel};
use super::conn::{Io, Peer};
use super::dial::{dial, lookup};
use super::failure::ConnectError;
use super::origin::Origin;
use super::reach::{Reach, Zone};
use super::tls::Tls;
use crate::Error;
use crate::options::Proxy;

/// Most addresses of a name that are tried.
const MOST_ADDRESSES: usize = 4;

/// A proxy, ready for use.
pub(super) struct ProxyRoute {
    origin: Origin,
    /// The value of `Proxy-Authorization`.
    authorization: Option<Secret>,
    direct: Hosts,
    by_name: Hosts,
}

impl ProxyRoute {
    /// Checks the settings of a proxy. Errors do not show its URL, which may hold a password.
    pub(super) fn new(proxy: &Proxy) -> Result<Self, Error> {
        let bad = |reason: String| Error::Options { reason };
        let uri: Option<http::Uri> = proxy.url.parse().ok();
        let origin = uri
            .filter(|uri| matches!(uri.path(), "" | "/") && uri.query().is_none())
            .and_then(|uri| Origin::of(&uri))
            .ok_or_else(|| {
                bad(
                    "the URL of the proxy is not http://host[:port] or https://host[:port]; \
                     its credentials are apart"
                        .to_owned(),
                )
            })?;
        let authorization = match &proxy.credentials {
            None => None,
            Some(secret) if secret.reveal().contains(':') => Some(Secret::new(format!(
                "Basic {}",
                STANDARD.encode(secret.reveal())
            ))),
            Some(_) => {
                return Err(bad(
                    "the credentials of the proxy are not user:password".to_owned()
                ));
            }
        };
        let hosts = |list: &[String]| Hosts::parse(list).map_err(bad);
        Ok(Self {
            origin,
            authorization,
            direct: hosts(&proxy.direct)?,
            by_name: hosts(&proxy.by_name)?,
        })
    }

    /// Whether this host is reached through the proxy.
    pub(super) fn serves(&self, origin: &Origin) -> bool {
        !origin.is_loopback() && !self.direct.contain(origin)
    }

    /// Opens a tunnel to the server of `origin`.
    pub(super) async fn open(
        &self,
        tls: &Tls,
        origin: &Origin,
        reach: Reach,
    ) -> Result<(Box<dyn Io>, Peer), ConnectError> {
        let (host, port) = (origin.host(), origin.port());
        let is_named = reach == Reach::Anywhere || self.by_name.contain(origin);
        if let Some(address) = origin.address() {
            if !is_named && !reach.allows(address) {
                return Err(ConnectError::OutOfReach {
                    host: host.to_owned(),
                    address,
                });
            }
            let io = self.tunnel(tls, &format!("{host}:{port}")).await?;
            let peer = Peer {
                zone: Zone::of(address),
                is_by_name: false,
            };
            return Ok((io, peer));
        }
        if is_named {
            let io = self.tunnel(tls, &format!("{host}:{port}")).await?;
            let peer = Peer {
                zone: Zone::Public,
                is_by_name: true,
            };
            return Ok((io, peer));
        }
        let found = lookup(origin, reach).await.map_err(|error| match error {
            ConnectError::Network(reason) => ConnectError::Unknown {
                host: host.to_owned(),
                reason,
            },
            error => error,
        })?;
        let mut last = ConnectError::Network("the name has no address".to_owned());
        for address in found.into_iter().take(MOST_ADDRESSES) {
            match self.tunnel(tls, &address.to_string()).await {
                Ok(io) => {
                    let peer = Peer {
                        zone: Zone::of(address.ip()),
                        is_by_name: false,
                    };
                    return Ok((io, peer));
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Connects to the proxy and asks it for a tunnel to `target`, which is `host:port`.
    async fn tunnel(&self, tls: &Tls, target: &str) -> Result<Box<dyn Io>, ConnectError> {
        let fail = |reason: String, is_transient| ConnectError::Proxy {
            proxy: self.origin.to_string(),
            reason,
            is_transient,
        };
        let tcp = dial(&self.origin, Reach::Anywhere).await;
        let tcp = tcp.map_err(|error| fail(error.to_string(), true))?;
        let mut io: Box<dyn Io> = if self.origin.tls {
            let secured = tls.handshake(&self.origin, tcp).await;
            Box::new(secured.map_err(|error| fail(error.to_string(), false))?)
        } else {
            Box::new(tcp)
        };
        match tunnel(&mut io, target, self.authorization.as_ref()).await {
            Ok(()) => Ok(io),
            Err(Refusal {
                reason,
                is_transient,
            }) => Err(fail(reason, is_transient)),
        }
    }
}
