//! What the resolver yields.

use std::fmt;

use lazaret_oci::Reference;

use crate::bundle::Slot;
use crate::{
    AgentSpec, ArtifactMount, Config, Credential, Family, GuestPath, PolicyFile, Resources,
};

/// What was asked to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// An OCI image.
    Image,
    /// An agent artifact.
    Agent,
    /// A bundle artifact.
    Bundle,
}

/// Everything that artifacts say about a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// What was asked to run.
    pub kind: RunKind,
    /// `metadata.name` of the agent or bundle.
    pub name: Option<String>,
    /// What was asked to run, with its digest.
    pub reference: Reference,
    /// The image that boots. It has a digest only when the agent pins it or it is itself
    /// what was asked to run.
    pub image: Reference,
    /// How it is started; empty for an image.
    pub agent: AgentSpec,
    /// What the sandbox grants.
    pub resources: Resources,
    /// The bundle's policies as one; `None` when it has none.
    pub policy: Option<PolicyFile>,
    /// The integrations of the policies.
    pub integrations: Vec<Integration>,
    /// What is mounted, folders before what goes into them.
    pub mounts: Vec<ArtifactMount>,
    /// The bundle's workflow, which is carried but not run.
    pub workflow: Option<Config>,
    /// Where everything came from: what was asked to run, then its parts.
    pub components: Vec<Component>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

impl Resolved {
    /// The credentials that the agent expects. One that is missing on this machine is a
    /// reason to warn, not to stop.
    #[must_use]
    pub fn credentials(&self) -> &[Credential] {
        &self.agent.credentials
    }
}

/// One artifact that the run uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// The part it plays.
    pub slot: Slot,
    /// Its family; `None` for an image.
    pub family: Option<Family>,
    /// Where it is, with its digest.
    pub reference: Reference,
}

/// A service that a policy names.
#[derive(Debug, Clone, PartialEq)]
pub struct Integration {
    /// What the delivered policy calls it.
    pub id: String,
    /// Where it is, with its digest.
    pub reference: Reference,
    /// Its endpoints and credentials.
    pub config: Config,
}

/// Something that does not stop a run but may surprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// Several policies became one.
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
        /// What the sandbox names.
        base_image: Reference,
        /// What boots.
        image: Reference,
    },
    /// An artifact without content is mounted.
    EmptyMount {
        /// The artifact.
        reference: Reference,
        /// Where its files would be.
        path: GuestPath,
    },
    /// Arguments go to a shell command that may not look at them.
    ShellArguments,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PoliciesMerged { policies } => write!(
                f,
                "{} policies are joined: the strictest default, and of all rules in order the \
                 first that matches",
                policies.len()
            ),
            Self::WorkflowNotRun { reference } => {
                write!(f, "workflow '{reference}' is carried but not run")
            }
            Self::BaseImageUnused { base_image, image } => write!(
                f,
                "the agent's image '{image}' boots, not the sandbox's base image '{base_image}'"
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
