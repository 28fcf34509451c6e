//! Where a request came from, and what its client calls the registry.

use std::sync::Arc;

use http::request::Parts;
use lazaret_oci::Registry;

use super::Gate;
use crate::error::Error;
use crate::header;
use crate::identity::Origin;
use crate::scope::Scopes;
use crate::{Denied, Peer};

/// Path of the token service.
pub const TOKEN_PATH: &str = "/auth/token";

impl Gate {
    /// The client behind trusted proxies, and the base URL of the registry as it sees it.
    /// Nobody else is believed when they speak of proxies.
    pub(super) fn origin(&self, head: &Parts, peer: &Peer) -> Origin {
        let trusts = |address| self.proxies.iter().any(|network| network.contains(address));
        let direct = peer.address.ip().to_canonical();
        let by_proxy = trusts(direct);
        let address = by_proxy
            .then(|| header::forwarded_for(&head.headers, trusts))
            .flatten()
            .unwrap_or(direct);
        let base = self.base.clone().or_else(|| {
            // Only challenges of the token service name it.
            self.tokens.as_ref()?;
            let forwarded = by_proxy.then(|| header::forwarded_tls(&head.headers));
            let tls = forwarded.flatten().unwrap_or(peer.tls);
            let scheme = if tls { "https" } else { "http" };
            let host = header::authority(head)?;
            Some(format!("{scheme}://{}", host.as_str()).into())
        });
        Origin { address, base }
    }

    /// `401` with the challenge that fits the settings.
    pub(super) fn unauthorized(
        &self,
        origin: &Origin,
        reason: &'static str,
        scopes: Option<&Scopes>,
        error: Option<&'static str>,
    ) -> Denied {
        let challenge = match (&self.tokens, &origin.base) {
            (Some(tokens), Some(base)) => {
                let service = &tokens.service;
                let mut text = format!("Bearer realm=\"{base}{TOKEN_PATH}\",service=\"{service}\"");
                if let Some(scopes) = scopes.filter(|scopes| !scopes.0.is_empty()) {
                    text.push_str(&format!(",scope=\"{scopes}\""));
                }
                if let Some(error) = error {
                    text.push_str(&format!(",error=\"{error}\""));
                }
                text
            }
            _ => self.basic_challenge(),
        };
        Denied::Unauthorized { reason, challenge }
    }

    /// The challenge of the token service itself, and of registries without one.
    pub(super) fn basic_challenge(&self) -> String {
        format!("Basic realm=\"{}\",charset=\"UTF-8\"", self.realm)
    }
}

/// `scheme://host[:port]` of the external URL.
pub(super) fn base(url: &str) -> Result<Arc<str>, Error> {
    let wrong = |reason: &str| Error::Setting {
        setting: "auth.external_url".to_owned(),
        reason: format!("'{url}' {reason}"),
    };
    let (scheme, rest) = url
        .split_once("://")
        .filter(|(scheme, _)| matches!(*scheme, "http" | "https"))
        .ok_or_else(|| wrong("is neither http:// nor https://"))?;
    let host = rest.strip_suffix('/').unwrap_or(rest);
    let host: Registry = host
        .parse()
        .map_err(|_| wrong("is not a scheme, a host and perhaps a port"))?;
    Ok(format!("{scheme}://{}", host.as_str()).into())
}

/// The realm stands between quotes in a header.
pub(super) fn check_realm(realm: &str) -> Result<(), Error> {
    let fits = |b: u8| matches!(b, b' '..=b'~') && b != b'"' && b != b'\\';
    if realm.len() <= 128 && realm.bytes().all(fits) {
        return Ok(());
    }
    Err(Error::Setting {
        setting: "auth.realm".to_owned(),
        reason: "it is longer than 128 characters, or has quotes or characters beyond ASCII"
            .to_owned(),
    })
}
