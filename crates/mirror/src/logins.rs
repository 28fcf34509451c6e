//! The credentials of upstreams, for those who read content that the mirror named without it.
//!
//! A name that belongs to no upstream has no credential here, whatever the sources know.

use std::sync::Arc;
use std::time::Duration;

use lazaret_client::Credential;
use lazaret_oci::{Registry, Repository};

use crate::Error;
use crate::formats::Format;
use crate::mirror::Mirror;
use crate::pipeline::Resource;
use crate::settings::Endpoint;
use crate::upstream::Upstream;

/// A registry of an upstream, and whether it is asked now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The registry.
    pub registry: Registry,
    /// The time until it is asked again, and the reason for the wait.
    pub pause: Option<(Duration, String)>,
}

impl Mirror {
    /// The upstream that a server belongs to: the one that clients call so, or the one with such a
    /// registry.
    #[must_use]
    pub fn upstream_at(&self, host: &str) -> Option<&Arc<Upstream>> {
        self.places.named(host).or_else(|| {
            let all = self.places.all().iter();
            let mut having = all.filter(|upstream| upstream.endpoint(host).is_some());
            having.next()
        })
    }
}

impl Upstream {
    /// The registries for which a login at a server counts: that server if it is one of the
    /// upstream's, or else all of them, because the name stands for them.
    #[must_use]
    pub fn registries_at(&self, host: &str) -> Vec<Registry> {
        let own = self.endpoint(host);
        let all = self.settings.endpoints.iter();
        let counted =
            all.filter(|endpoint| own.is_none_or(|own| own.registry == endpoint.registry));
        let mut registries: Vec<Registry> = Vec::new();
        for endpoint in counted {
            if !registries.contains(&endpoint.registry) {
                registries.push(endpoint.registry.clone());
            }
        }
        registries
    }

    /// The credential with which the mirror itself asks the upstream; `None` when it asks
    /// anonymously. `host` chooses among several registries, the first of which counts otherwise.
    ///
    /// # Errors
    /// [`Error::Refused`] when the source of credentials fails.
    pub async fn credential(
        &self,
        host: &str,
        repository: Option<&Repository>,
    ) -> Result<Option<Credential>, Error> {
        let pipeline = &self.settings.pipeline;
        let mut lanes = Resource::ALL.into_iter().filter_map(|of| pipeline.lane(of));
        if !lanes.any(crate::pipeline::Lane::is_identified) {
            return Ok(None);
        }
        let first = || self.settings.endpoints.first();
        let Some(endpoint) = self.endpoint(host).or_else(first) else {
            return Ok(None);
        };
        let repository = repository.map(|repository| endpoint.repository(repository));
        let found = endpoint
            .credentials
            .credential(&endpoint.registry, repository.as_ref());
        found.await.map_err(|error| Error::Refused {
            upstream: self.settings.namespace.clone(),
            reason: error.to_string(),
        })
    }

    /// Whether tags are swapped for a form, for clients that name no pipeline.
    #[must_use]
    pub fn streams(&self, format: Format) -> bool {
        let lane = self.settings.pipeline.lane(Resource::Manifests);
        lane.is_some_and(|lane| lane.discovered().is_some() && lane.formats().contains(&format))
    }

    /// Its registries, and which of them are not asked now.
    #[must_use]
    pub fn standings(&self) -> Vec<Standing> {
        let endpoints = self.settings.endpoints.iter().enumerate();
        endpoints
            .map(|(number, endpoint)| Standing {
                registry: endpoint.registry.clone(),
                pause: self.pause(number),
            })
            .collect()
    }

    fn endpoint(&self, host: &str) -> Option<&Endpoint> {
        let is_at = |endpoint: &&Endpoint| {
            let registry = endpoint.registry.to_string();
            registry.eq_ignore_ascii_case(host)
        };
        self.settings.endpoints.iter().find(is_at)
    }
}
