//! The resolver: turns a reference into everything that a run needs, as a value.
//!
//! ```text
//! reference -> image             -> run it
//!           -> agent             -> its image, command, ...
//!           -> bundle -> agent   -> its image, command, ...      exactly one
//!                     -> sandbox -> resources                    at most one
//!                     -> policies -> integrations                delivered as one file
//!                     -> model, tools, knowledge, filesets       mounted
//!                     -> workflow                                carried, not run
//!           -> anything else     -> refused
//! ```
//!
//! Artifacts are fetched through [`ArtifactSource`] only. No cycle is possible,
//! because no slot accepts a bundle. The agent's image and the layers to mount are named, not
//! fetched.

mod assemble;
mod error;
mod fetch;
mod join;
mod parts;
mod source;

use lazaret_oci::Reference;

pub use error::ResolveError;
pub use parts::{Component, Integration, Resolved, RunKind, Warning};
pub use source::{ArtifactSource, Fetched, FetchedKind};

use crate::bundle::Slot;
use crate::{
    BundleSpec, Class, ComponentRef, Error, Family, MountFlag, PolicyFile, arrange_mounts,
};
use fetch::{Artifact, Wanted, fetch, fetch_all, fetch_mounts, load};

/// Resolves `reference`, with `mounts` in addition to its own components.
///
/// # Errors
/// [`ResolveError`]; of several errors, the first in the order of the bundle.
pub async fn resolve<S: ArtifactSource>(
    source: &S,
    reference: &Reference,
    mounts: &[MountFlag],
) -> Result<Resolved, ResolveError<S::Error>> {
    let fetched = fetch(source, reference).await?;
    let mut resolved = match fetched.kind {
        FetchedKind::Image => Resolved::of_image(fetched.reference),
        unknown @ FetchedKind::Unknown { .. } => {
            let what = unknown.describe();
            return Err(not_runnable(&fetched.reference, what, false))?;
        }
        FetchedKind::Artifact {
            family,
            config,
            layers,
        } => {
            let artifact = load(fetched.reference, family, config, layers)?;
            match family {
                Family::Agent => {
                    let mut resolved = Resolved::empty(
                        RunKind::Agent,
                        &artifact.reference,
                        artifact.config.name(),
                    );
                    resolved.apply_agent(&artifact)?;
                    resolved.require_image(&artifact.reference)?;
                    resolved
                }
                Family::Bundle => bundle(source, &artifact).await?,
                family => {
                    return Err(not_runnable(
                        &artifact.reference,
                        family.article().to_owned(),
                        family.class() == Class::Application,
                    ))?;
                }
            }
        }
    };
    for mount in fetch_mounts(source, mounts).await? {
        resolved.apply_mount(mount, Slot::Mount);
    }
    resolved.mounts = arrange_mounts(resolved.mounts)?;
    Ok(resolved)
}

fn not_runnable(reference: &Reference, what: String, mountable: bool) -> Error {
    Error::NotRunnable {
        reference: reference.to_string(),
        what,
        mountable,
    }
}

async fn bundle<S: ArtifactSource>(
    source: &S,
    bundle: &Artifact,
) -> Result<Resolved, ResolveError<S::Error>> {
    let spec = BundleSpec::of(&bundle.config);
    let agents: Vec<_> = spec
        .slot(Slot::Agents)
        .map(|agent| agent.text.clone())
        .collect();
    if agents.len() != 1 {
        return Err(Error::AgentCount {
            bundle: bundle.reference.to_string(),
            agents,
        })?;
    }
    let wanted = spec
        .components
        .iter()
        .map(|(_, family, component)| Wanted::new(*family, component, &bundle.reference))
        .collect::<Result<Vec<_>, _>>()?;
    let artifacts = fetch_all(source, &wanted).await?;
    let mut resolved = Resolved::empty(RunKind::Bundle, &bundle.reference, bundle.config.name());
    let mut policies = Vec::new();
    for ((slot, ..), artifact) in spec.components.iter().zip(artifacts) {
        match slot {
            Slot::Agents => resolved.apply_agent(&artifact)?,
            Slot::Sandbox => resolved.apply_sandbox(&artifact)?,
            Slot::Policies => {
                resolved.record(Slot::Policies, &artifact);
                policies.push(artifact);
            }
            Slot::Workflow => resolved.apply_workflow(&artifact),
            slot => resolved.apply_mount(artifact.mount(None)?, *slot),
        }
    }
    resolved.require_image(&bundle.reference)?;
    apply_policies(source, &mut resolved, &policies).await?;
    Ok(resolved)
}

async fn apply_policies<S: ArtifactSource>(
    source: &S,
    resolved: &mut Resolved,
    policies: &[Artifact],
) -> Result<(), ResolveError<S::Error>> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for policy in policies {
        let references = ComponentRef::read_list(policy.config.value(), "/spec/integrations");
        for component in &references {
            let next = Wanted::new(Family::Integration, component, &policy.reference)?;
            let repeated = wanted.iter().any(|have| have.reference == next.reference);
            if !repeated {
                wanted.push(next);
            }
        }
    }
    for artifact in fetch_all(source, &wanted).await? {
        resolved.apply_integration(artifact)?;
    }
    let file = |policy: &Artifact| PolicyFile::of(&origin(&policy.reference), &policy.config);
    let files: Vec<_> = policies.iter().map(file).collect::<Result<_, _>>()?;
    if files.len() > 1 {
        resolved.warnings.push(Warning::PoliciesMerged {
            policies: policies.iter().map(|p| p.reference.clone()).collect(),
        });
    }
    resolved.policy = PolicyFile::merged(&files);
    Ok(())
}

/// How the rules of a policy are told: by the repository and the tag.
fn origin(policy: &Reference) -> String {
    match &policy.tag {
        Some(tag) => format!("{}:{tag}", policy.repository),
        None => format!("{}@{}", policy.repository, policy.locator()),
    }
}
