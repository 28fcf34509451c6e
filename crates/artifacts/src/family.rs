//! The ten families and their names on the wire.

use std::fmt;

use lazaret_oci::Manifest;
use serde::{Deserialize, Serialize};

/// A family of typed artifacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// A program, with the command that starts it.
    Agent,
    /// The isolation and resources of an agent.
    Sandbox,
    /// The rules about what an agent may reach.
    Policy,
    /// A service that is used with a credential that the agent never sees.
    Integration,
    /// A Serverless Workflow.
    Workflow,
    /// An agent system: references to artifacts of all other families.
    Bundle,
    /// The model to use, with its settings.
    Model,
    /// A tool that the agent can call.
    Tool,
    /// A source in which the agent can look things up.
    Knowledge,
    /// Plain files.
    Fileset,
}

/// The class of a family: applied around an agent, or mounted into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Applied around the agent.
    Runtime,
    /// Mounted into the agent's file system.
    Application,
}

/// `apiVersion` of every envelope.
pub const API_VERSION: &str = "lens.dev/v1alpha1";

struct Row {
    name: &'static str,
    segment: &'static str,
    class: Class,
    kind: &'static str,
    article: &'static str,
    artifact_type: &'static str,
    config_media_type: &'static str,
    mount: Option<&'static str>,
}

macro_rules! row {
    ($name:literal, $segment:literal, $class:ident, $kind:literal, $article:literal, $mount:expr) => {
        Row {
            name: $name,
            segment: $segment,
            class: Class::$class,
            kind: $kind,
            article: concat!($article, " ", $name),
            artifact_type: concat!("application/vnd.lens.", $name, ".v1+json"),
            config_media_type: concat!("application/vnd.lens.", $name, ".config.v1+json"),
            mount: $mount,
        }
    };
}

impl Family {
    /// Every family, in the order of the catalogue.
    pub const ALL: [Self; 10] = [
        Self::Agent,
        Self::Sandbox,
        Self::Policy,
        Self::Integration,
        Self::Workflow,
        Self::Bundle,
        Self::Model,
        Self::Tool,
        Self::Knowledge,
        Self::Fileset,
    ];

    const fn row(self) -> Row {
        match self {
            Self::Agent => row!("agent", "agents", Runtime, "Agent", "an", None),
            Self::Sandbox => row!("sandbox", "sandboxes", Runtime, "Sandbox", "a", None),
            Self::Policy => row!("policy", "policies", Runtime, "Policy", "a", None),
            Self::Integration => {
                row!(
                    "integration",
                    "integrations",
                    Runtime,
                    "Integration",
                    "an",
                    None
                )
            }
            Self::Workflow => row!("workflow", "workflows", Runtime, "Workflow", "a", None),
            Self::Bundle => row!("bundle", "bundles", Runtime, "AgentSystem", "a", None),
            Self::Model => {
                let path = Some("/etc/agent/model");
                row!("model", "models", Application, "Model", "a", path)
            }
            Self::Tool => {
                let path = Some("/etc/agent/tools/<name>");
                row!("tool", "tools", Application, "Tool", "a", path)
            }
            Self::Knowledge => {
                let path = Some("/etc/agent/knowledge/<name>");
                row!(
                    "knowledge",
                    "knowledge",
                    Application,
                    "Knowledge",
                    "a",
                    path
                )
            }
            Self::Fileset => row!("fileset", "filesets", Application, "FileSet", "a", None),
        }
    }

    /// Name of the family: `agent`, ...
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The family with its article, for messages: `an agent`, ...
    #[must_use]
    pub fn article(self) -> &'static str {
        self.row().article
    }

    /// The plural in repository paths: `agents`, ... (that of `knowledge` is the same word).
    #[must_use]
    pub fn path_segment(self) -> &'static str {
        self.row().segment
    }

    /// Class of the family.
    #[must_use]
    pub fn class(self) -> Class {
        self.row().class
    }

    /// `kind` of the envelope: `Agent`, ...
    #[must_use]
    pub fn kind(self) -> &'static str {
        self.row().kind
    }

    /// `artifactType` of the manifest.
    #[must_use]
    pub fn artifact_type(self) -> &'static str {
        self.row().artifact_type
    }

    /// Media type of the configuration blob.
    #[must_use]
    pub fn config_media_type(self) -> &'static str {
        self.row().config_media_type
    }

    /// The default mount path; `<name>` stands for the artifact's name.
    #[must_use]
    pub fn default_mount(self) -> Option<&'static str> {
        self.row().mount
    }

    /// The family with this `artifactType`.
    #[must_use]
    pub fn from_artifact_type(media_type: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|family| family.artifact_type() == media_type)
    }

    /// The family with this configuration media type.
    #[must_use]
    pub fn from_config_media_type(media_type: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|family| family.config_media_type() == media_type)
    }

    /// The family with this `kind`.
    #[must_use]
    pub fn from_kind(kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.kind() == kind)
    }

    /// The family with this plural in repository paths.
    #[must_use]
    pub fn from_path_segment(segment: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|family| family.path_segment() == segment)
    }

    /// The family of a manifest: by `artifactType`, or by the configuration's media type
    /// when `artifactType` is absent or empty.
    #[must_use]
    pub fn of_manifest(manifest: &Manifest) -> Option<Self> {
        match manifest.artifact_type.as_deref() {
            Some(artifact_type) if !artifact_type.is_empty() => {
                Self::from_artifact_type(artifact_type)
            }
            _ => Self::from_config_media_type(&manifest.config.media_type),
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The names of all ten families, for messages.
pub(crate) fn names() -> String {
    Family::ALL.map(Family::name).join(", ")
}

/// The plurals of all ten families, for messages.
pub(crate) fn segments() -> String {
    Family::ALL.map(Family::path_segment).join(", ")
}
