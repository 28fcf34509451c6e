//! The result of the resolver.

use std::fmt;

use lazaret_oci::Reference;
use lazaret_values::Capabilities;

use crate::bundle::Slot;
use crate::{
    AgentSpec, ArtifactMount, Config, Credential, Family, GuestPath, PolicyFile, Resources,
};

/// The kind of reference that is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// An OCI image.
    Image,
    /// An agent artifact.
    Agent,
    /// A bundle artifact.
    Bundle,
}

/// Everything that the artifacts determine about a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The kind of the requested reference.
    pub kind: RunKind,
    /// `metadata.name` of the agent or bundle.
    pub name: Option<String>,
    /// The requested reference, with its digest.
    pub reference: Reference,
    /// The image that boots. It has a digest only if the agent pins it or if it is itself
    /// the requested reference.
    pub image: Reference,
    /// The spec of the agent; empty for an image.
    pub agent: AgentSpec,
    /// The resources that the sandbox grants.
    pub resources: Resources,
    /// The capabilities that the sandbox leaves the workload; all without a word of it.
    pub capabilities: Option<Capabilities>,
    /// The bundle's policies, merged; `None` when it has none.
    pub policy: Option<PolicyFile>,
    /// The integrations of the policies.
    pub integrations: Vec<Integration>,
    /// The mounts, folders before the mounts below them.
    pub mounts: Vec<ArtifactMount>,
    /// The bundle's workflow, which is carried but not run.
    pub workflow: Option<Config>,
    /// The origin of every part: first the requested reference, then its parts.
    pub components: Vec<Component>,
    /// Warnings for the user.
    pub warnings: Vec<Warning>,
}

impl Resolved {
    /// The credentials that the agent needs. A credential that is missing on this machine is a
    /// reason to warn, not to stop.
    #[must_use]
    pub fn credentials(&self) -> &[Credential] {
        &self.agent.credentials
    }
}

/// One artifact that the run uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// The slot that it fills.
    pub slot: Slot,
    /// Its family; `None` for an image.
    pub family: Option<Family>,
    /// Its reference, with its digest.
    pub reference: Reference,
}

/// A service that a policy names.
#[derive(Debug, Clone, PartialEq)]
pub struct Integration {
    /// Its id in the delivered policy.
    pub id: String,
    /// Its reference, with its digest.
    pub reference: Reference,
    /// Its endpoints and credentials.
    pub config: Config,
}

/// A fact that does not stop a run but may surprise the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// Several policies were merged.
    PoliciesMerged {
        /// The policies, in order.
        policies: Vec<Reference>,
    },
    /// A workflow is carried but not run.
    WorkflowNotRun {
        /// The workflow.
        reference: Reference,
    },
    /// The sandbox names another base image than the one that boots.
    BaseImageUnused {
        /// The image that the sandbox names.
        base_image: Reference,
        /// The image that boots.
        image: Reference,
    },
    /// The sandbox names the version of another program.
    SupervisorVersion {
        /// The sandbox.
        reference: Reference,
        /// The version.
        version: String,
    },
    /// An artifact without content is mounted.
    EmptyMount {
        /// The artifact.
        reference: Reference,
        /// The path at which its files would be.
        path: GuestPath,
    },
    /// Arguments are given to a shell command, which may ignore them.
    ShellArguments,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PoliciesMerged { policies } => write!(
                f,
                "{} policies are joined: the strictest default, and what one denies no other \
                 allows",
                policies.len()
            ),
            Self::WorkflowNotRun { reference } => {
                write!(f, "workflow '{reference}' is carried but not run")
            }
            Self::BaseImageUnused { base_image, image } => write!(
                f,
                "the agent's image '{image}' boots, not the sandbox's base image '{base_image}'"
            ),
            Self::SupervisorVersion { reference, version } => write!(
                f,
                "'{reference}' is for version '{version}' of its supervisor, which is not compared \
                 with this program's"
            ),
            Self::EmptyMount { reference, path } => {
                write!(f, "'{reference}' has no content: '{path}' will be empty")
            }
            Self::ShellArguments => write!(
                f,
                "the agent's command is shell text without '$': it does not see the arguments \
                 (write \"$@\" in it, or make it a list)"
            ),
        }
    }
}
