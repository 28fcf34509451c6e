//! Finds the client's address and the registry's URL as the client sees it.

use http::request::Parts;

use super::open::Gate;
use crate::header;
use crate::identity::Origin;
use crate::scope::Scopes;
use crate::{Denied, Peer};

/// Path of the token service.
pub const TOKEN_PATH: &str = "/auth/token";

impl Gate {
    /// The address of the client, and the base URL of the registry as the client sees it.
    /// `X-Forwarded-*` headers count only if a trusted proxy sent them.
    pub(super) fn origin(&self, head: &Parts, peer: &Peer) -> Origin {
        let trusts = |address| self.proxies.iter().any(|network| network.contains(address));
        let direct = peer.address.ip().to_canonical();
        let by_proxy = trusts(direct);
        let address = by_proxy
            .then(|| header::forwarded_for(&head.headers, trusts))
            .flatten()
            .unwrap_or(direct);
        let base = self.base.clone().or_else(|| {
            // Only challenges that name the token service need the URL.
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

    /// The challenge of the token service itself, and of registries without a token service.
    pub(super) fn basic_challenge(&self) -> String {
        format!("Basic realm=\"{}\",charset=\"UTF-8\"", self.realm)
    }
}
