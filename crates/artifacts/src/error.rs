//! The error type of this crate.

use lazaret_oci::Digest;
use thiserror::Error;

use crate::{Fault, family};

/// An artifact, or the use of one, breaks a rule. The fields hold the values that were given.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// The text is not the name of a family.
    #[error(
        "unknown artifact family '{text}': expected one of {}",
        family::names()
    )]
    UnknownFamily {
        /// The text that was given.
        text: String,
    },
    /// The repository path does not name a family.
    #[error(
        "no artifact family in repository '{repository}': its path has none of {}",
        family::segments()
    )]
    FamilyNotInferred {
        /// The repository.
        repository: String,
    },
    /// The text is neither YAML nor JSON, or has a value that JSON cannot represent exactly.
    #[error("invalid document at line {line}, column {column}: {reason}")]
    Source {
        /// Line of the fault, from 1; 0 when unknown.
        line: u64,
        /// Column of the fault, from 1; 0 when unknown.
        column: u64,
        /// The parser's message.
        reason: String,
    },
    /// The document or configuration is too large.
    #[error("configuration of {bytes} bytes exceeds the limit of {limit} bytes")]
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The configuration breaks the schema of its family.
    #[error("invalid {subject}: {}", summary(faults))]
    Invalid {
        /// The family, and the origin of the configuration.
        subject: String,
        /// All faults.
        faults: Vec<Fault>,
    },
    /// The text of a policy has a form that is not understood well enough to change it.
    #[error("the file is written in a way that cannot be changed without a risk to the rest of it")]
    NotEdited,
    /// The schema is unusable.
    #[error("unusable schema for '{family}': {reason}")]
    Schema {
        /// The family of the schema.
        family: String,
        /// The problem with the schema.
        reason: String,
    },
    /// The text is not an amount of processors or memory.
    #[error("invalid amount of {what} '{text}': {reason}")]
    Quantity {
        /// The quantity: `cpu` or `memory`.
        what: &'static str,
        /// The text that was given.
        text: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// The text is not a published port.
    #[error("invalid port '{text}': {reason}")]
    Port {
        /// The text that was given.
        text: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// The text is not a volume.
    #[error("invalid volume '{text}': {reason}")]
    Volume {
        /// The text that was given.
        text: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// The text is not of the form `REF[:/path]`.
    #[error("invalid mount '{text}': {reason}")]
    MountFlag {
        /// The text that was given.
        text: String,
        /// The rule that it breaks.
        reason: String,
    },
    /// Nothing can be mounted at this path in the machine.
    #[error("cannot mount at '{path}': {reason}")]
    MountPath {
        /// The path that was given.
        path: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// The family has no default path, and no path was given.
    #[error("{family} '{name}' says not where it goes: it has no mount.path")]
    MountPathMissing {
        /// The family.
        family: &'static str,
        /// The artifact's name.
        name: String,
    },
    /// The reference cannot be mounted into an agent.
    #[error("cannot mount '{subject}': it is {what}")]
    NotMountable {
        /// The reference or name.
        subject: String,
        /// A description of its type.
        what: String,
    },
    /// Two artifacts are mounted at the same place.
    #[error("cannot mount '{second}' at '{path}': {reason} '{first}'")]
    MountConflict {
        /// The path of both, or a path that lies inside a file.
        path: String,
        /// The relation: `taken by` or `inside the file of`.
        reason: &'static str,
        /// The artifact that has the place.
        first: String,
        /// The other artifact.
        second: String,
    },
    /// The family cannot be run.
    #[error("cannot run '{reference}': it is {what}")]
    NotRunnable {
        /// The reference.
        reference: String,
        /// A description of its type.
        what: String,
        /// Whether it can be mounted into a run.
        mountable: bool,
    },
    /// The bundle has no agent, or several agents, and exactly one can run.
    #[error(
        "cannot run bundle '{bundle}': it has {}, and exactly one can run",
        agents_of(agents)
    )]
    AgentCount {
        /// The bundle.
        bundle: String,
        /// The agents of the bundle.
        agents: Vec<String>,
    },
    /// A component is of another family than its slot requires.
    #[error("component '{reference}' at {pointer} is {found}, not {}", expected.article())]
    WrongFamily {
        /// Reference of the component.
        reference: String,
        /// JSON pointer in the bundle or policy to the reference.
        pointer: String,
        /// The family that the slot requires.
        expected: family::Family,
        /// A description of its actual type.
        found: String,
    },
    /// The reference of a component does not parse.
    #[error("invalid reference at {pointer}: {source}")]
    ComponentReference {
        /// JSON pointer to the reference.
        pointer: String,
        /// The reason.
        source: lazaret_oci::Error,
    },
    /// A reference has two digests, which differ.
    #[error("two digests at {pointer}: the reference says {written}, digest says {pin}")]
    PinConflict {
        /// JSON pointer to the reference.
        pointer: String,
        /// The digest in the reference.
        written: Digest,
        /// The digest in the member `digest`.
        pin: Digest,
    },
    /// The content has another digest than the pin.
    #[error("'{reference}' is pinned, but the registry gave {found}")]
    PinMismatch {
        /// The pinned reference.
        reference: String,
        /// The digest of the content.
        found: Digest,
    },
    /// Two integrations would have the same id in the delivered policy.
    #[error("integrations '{first}' and '{second}' would both be called '{id}'")]
    IntegrationConflict {
        /// The id: the last path segment of both references.
        id: String,
        /// The integration that has the id.
        first: String,
        /// The other integration.
        second: String,
    },
    /// Text that is not the name of a capability.
    #[error(transparent)]
    Capability(#[from] lazaret_values::Error),
    /// An agent without an image, which no sandbox gives it either.
    #[error("agent '{reference}' names no image, and no sandbox gives it one")]
    NoImage {
        /// The agent.
        reference: String,
    },
    /// A member of an artifact asks for something that this program cannot give.
    #[error("'{reference}' asks for '{member}', which is not supported")]
    Unsupported {
        /// The artifact.
        reference: String,
        /// The member, as a path in its spec.
        member: &'static str,
    },
    /// This program cannot provide the sandbox's isolation.
    #[error("sandbox '{reference}' asks for isolation '{isolation}', which is not supported")]
    Isolation {
        /// Reference of the sandbox.
        reference: String,
        /// The isolation that it requires.
        isolation: String,
    },
    /// Neither the artifacts, the image nor the command line give a command.
    #[error("nothing to run: neither image, agent nor command line names a command")]
    NoCommand,
}

fn summary(faults: &[Fault]) -> String {
    match faults {
        [] => "no fault given".to_owned(),
        [fault] => fault.to_string(),
        [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
    }
}

fn agents_of(agents: &[String]) -> String {
    match agents {
        [] => "no agent".to_owned(),
        _ => format!("{} agents ({})", agents.len(), agents.join(", ")),
    }
}
