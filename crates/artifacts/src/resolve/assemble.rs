//! Assembles a run, one artifact after the other.

use lazaret_oci::Reference;

use super::fetch::Artifact;
use super::parts::{Component, Integration, Resolved, RunKind, Warning};
use crate::bundle::Slot;
use crate::sandbox::Isolation;
use crate::{AgentSpec, ArtifactMount, Error, Family, Resources, SandboxSpec, integration_id};

impl Resolved {
    pub(super) fn of_image(reference: Reference) -> Self {
        let mut resolved = Self::empty(RunKind::Image, &reference, "");
        resolved.image = reference;
        resolved
    }

    pub(super) fn empty(kind: RunKind, reference: &Reference, name: &str) -> Self {
        Self {
            kind,
            name: (!name.is_empty()).then(|| name.to_owned()),
            reference: reference.clone(),
            image: reference.clone(),
            agent: AgentSpec::default(),
            resources: Resources::default(),
            capabilities: None,
            policy: None,
            integrations: Vec::new(),
            mounts: Vec::new(),
            workflow: None,
            components: vec![Component {
                slot: Slot::Root,
                family: match kind {
                    RunKind::Image => None,
                    RunKind::Agent => Some(Family::Agent),
                    RunKind::Bundle => Some(Family::Bundle),
                },
                reference: reference.clone(),
            }],
            warnings: Vec::new(),
        }
    }

    pub(super) fn record(&mut self, slot: Slot, artifact: &Artifact) {
        self.components.push(Component {
            slot,
            family: Some(artifact.config.family()),
            reference: artifact.reference.clone(),
        });
    }

    pub(super) fn apply_agent(&mut self, artifact: &Artifact) -> Result<(), Error> {
        if self.kind == RunKind::Bundle {
            self.record(Slot::Agents, artifact);
        }
        self.agent = AgentSpec::of(&artifact.config)?;
        if self.agent.image.is_empty() {
            // That of the sandbox, if it names one.
            return Ok(());
        }
        self.image = Reference::parse_in(&self.agent.image, &artifact.reference.registry)
            .map_err(|source| Error::ComponentReference {
                pointer: "/spec/image".to_owned(),
                source,
            })?
            .normalized();
        Ok(())
    }

    pub(super) fn apply_sandbox(&mut self, artifact: &Artifact) -> Result<(), Error> {
        self.record(Slot::Sandbox, artifact);
        let sandbox = SandboxSpec::of(&artifact.config)?;
        if sandbox.isolation == Isolation::Container {
            return Err(Error::Isolation {
                reference: artifact.reference.to_string(),
                isolation: "container".to_owned(),
            });
        }
        // It is unknown what they would grant or take away, so running without them is no answer.
        if sandbox.has_other_capabilities {
            return Err(Error::Unsupported {
                reference: artifact.reference.to_string(),
                member: "capabilities",
            });
        }
        if let Some(version) = sandbox.supervisor_version {
            self.warnings.push(Warning::SupervisorVersion {
                reference: artifact.reference.clone(),
                version,
            });
        }
        self.resources = sandbox.resources;
        self.capabilities = sandbox.capabilities;
        if let Some(base) = sandbox.base_image {
            let base =
                Reference::parse_in(&base, &artifact.reference.registry).map_err(|source| {
                    Error::ComponentReference {
                        pointer: "/spec/baseImage".to_owned(),
                        source,
                    }
                })?;
            if self.agent.image.is_empty() {
                self.image = base.normalized();
            } else if !same_content(&base, &self.image) {
                self.warnings.push(Warning::BaseImageUnused {
                    base_image: base,
                    image: self.image.clone(),
                });
            }
        }
        Ok(())
    }

    /// Checks that there is an image to boot, when agent and sandbox were applied.
    pub(super) fn require_image(&self, agent: &Reference) -> Result<(), Error> {
        // What is not set yet is the reference of the agent or bundle itself.
        if self.agent.image.is_empty() && self.image == self.reference {
            return Err(Error::NoImage {
                reference: agent.to_string(),
            });
        }
        Ok(())
    }

    pub(super) fn apply_workflow(&mut self, artifact: &Artifact) {
        self.record(Slot::Workflow, artifact);
        self.warnings.push(Warning::WorkflowNotRun {
            reference: artifact.reference.clone(),
        });
        self.workflow = Some(artifact.config.clone());
    }

    pub(super) fn apply_mount(&mut self, mount: ArtifactMount, slot: Slot) {
        self.components.push(Component {
            slot,
            family: Some(mount.family),
            reference: mount.reference.clone(),
        });
        if mount.is_empty() {
            self.warnings.push(Warning::EmptyMount {
                reference: mount.reference.clone(),
                path: mount.target.path.clone(),
            });
        }
        self.mounts.push(mount);
    }

    pub(super) fn apply_integration(&mut self, artifact: Artifact) -> Result<(), Error> {
        let id = integration_id(artifact.reference.repository.as_str()).to_owned();
        if let Some(first) = self.integrations.iter().find(|have| have.id == id) {
            if same_content(&first.reference, &artifact.reference) {
                return Ok(());
            }
            return Err(Error::IntegrationConflict {
                id,
                first: first.reference.to_string(),
                second: artifact.reference.to_string(),
            });
        }
        self.record(Slot::Integrations, &artifact);
        self.integrations.push(Integration {
            id,
            reference: artifact.reference,
            config: artifact.config,
        });
        Ok(())
    }
}

/// Whether two references certainly name the same content: both have the same digest.
fn same_content(a: &Reference, b: &Reference) -> bool {
    match (&a.digest, &b.digest) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}
