//! Fetches artifacts through the port, and checks pins and families.

use std::future::Future;
use std::pin::Pin;

use lazaret_oci::{Descriptor, Reference};
use serde_json::Value;

use super::error::ResolveError;
use super::join::join_bounded;
use super::source::{ArtifactSource, FetchedKind};
use crate::{ArtifactMount, ComponentRef, Config, Error, Family, GuestPath, MountFlag};

/// A fetched object with its pinned reference.
pub(super) struct Located {
    pub(super) reference: Reference,
    pub(super) kind: FetchedKind,
}

/// A valid artifact with its reference.
pub(super) struct Artifact {
    pub(super) reference: Reference,
    pub(super) config: Config,
    pub(super) layers: Vec<Descriptor>,
}

impl Artifact {
    pub(super) fn mount(&self, path: Option<&GuestPath>) -> Result<ArtifactMount, Error> {
        ArtifactMount::new(self.reference.clone(), &self.config, &self.layers, path)
    }
}

pub(super) async fn fetch<S: ArtifactSource>(
    source: &S,
    reference: &Reference,
) -> Result<Located, ResolveError<S::Error>> {
    let reference = reference.normalized();
    let fetched = match source.fetch(&reference).await {
        Ok(fetched) => fetched,
        Err(source) => return Err(ResolveError::Fetch { reference, source }),
    };
    // A pin of another algorithm cannot be compared here; the source has verified it.
    if let Some(pin) = &reference.digest
        && pin.algorithm() == fetched.digest.algorithm()
        && *pin != fetched.digest
    {
        return Err(Error::PinMismatch {
            reference: reference.to_string(),
            found: fetched.digest,
        })?;
    }
    let pinned = match &reference.digest {
        Some(_) => reference,
        None => reference.pinned(fetched.digest),
    };
    Ok(Located {
        reference: pinned,
        kind: fetched.kind,
    })
}

/// Validates a fetched artifact; error messages name its origin.
pub(super) fn load(
    reference: Reference,
    family: Family,
    config: Value,
    layers: Vec<Descriptor>,
) -> Result<Artifact, Error> {
    match Config::parse(family, config) {
        Ok(config) => Ok(Artifact {
            reference,
            config,
            layers,
        }),
        Err(Error::Invalid { subject, faults }) => Err(Error::Invalid {
            subject: format!("{subject} '{reference}'"),
            faults,
        }),
        Err(error) => Err(error),
    }
}

/// A component to fetch, with its full reference.
pub(super) struct Wanted {
    pub(super) reference: Reference,
    family: Family,
    pointer: String,
}

impl Wanted {
    pub(super) fn new(
        family: Family,
        component: &ComponentRef,
        parent: &Reference,
    ) -> Result<Self, Error> {
        Ok(Self {
            family,
            reference: component.resolve_in(&parent.registry)?,
            pointer: component.pointer.clone(),
        })
    }
}

type Fetching<'a, T, E> = Pin<Box<dyn Future<Output = Result<T, ResolveError<E>>> + Send + 'a>>;

/// Fetches components; of several errors, the first in their order is returned.
pub(super) async fn fetch_all<S: ArtifactSource>(
    source: &S,
    wanted: &[Wanted],
) -> Result<Vec<Artifact>, ResolveError<S::Error>> {
    let mut fetches: Vec<Fetching<'_, Artifact, S::Error>> = Vec::new();
    for wanted in wanted {
        fetches.push(Box::pin(fetch_component(source, wanted)));
    }
    join_bounded(fetches).await.into_iter().collect()
}

/// Fetches a component, which must be of the family that its slot requires.
async fn fetch_component<S: ArtifactSource>(
    source: &S,
    wanted: &Wanted,
) -> Result<Artifact, ResolveError<S::Error>> {
    let Located { reference, kind } = fetch(source, &wanted.reference).await?;
    match kind {
        FetchedKind::Artifact {
            family,
            config,
            layers,
        } if family == wanted.family => Ok(load(reference, family, config, layers)?),
        kind => Err(Error::WrongFamily {
            reference: reference.to_string(),
            pointer: wanted.pointer.clone(),
            expected: wanted.family,
            found: kind.describe(),
        })?,
    }
}

/// Fetches the artifacts of `--mount`.
pub(super) async fn fetch_mounts<S: ArtifactSource>(
    source: &S,
    flags: &[MountFlag],
) -> Result<Vec<ArtifactMount>, ResolveError<S::Error>> {
    let mut fetches: Vec<Fetching<'_, ArtifactMount, S::Error>> = Vec::new();
    for flag in flags {
        fetches.push(Box::pin(fetch_mount(source, flag)));
    }
    join_bounded(fetches).await.into_iter().collect()
}

async fn fetch_mount<S: ArtifactSource>(
    source: &S,
    flag: &MountFlag,
) -> Result<ArtifactMount, ResolveError<S::Error>> {
    let Located { reference, kind } = fetch(source, &flag.reference).await?;
    match kind {
        FetchedKind::Artifact {
            family,
            config,
            layers,
        } => {
            let artifact = load(reference, family, config, layers)?;
            Ok(artifact.mount(flag.path.as_ref())?)
        }
        kind => Err(Error::NotMountable {
            subject: reference.to_string(),
            what: kind.describe(),
        })?,
    }
}
