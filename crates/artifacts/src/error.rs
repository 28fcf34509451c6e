//! What can be wrong with an artifact, a reference to one, or a run of one.

use lazaret_oci::Digest;
use thiserror::Error;

use crate::{Fault, family};

/// An artifact, or a use of one, that breaks a rule; the fields hold what was given.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// Not the name of a family.
    #[error(
        "unknown artifact family '{text}': expected one of {}",
        family::names()
    )]
    UnknownFamily {
        /// The text given.
        text: String,
    },
    /// A repository path that names no family.
    #[error(
        "no artifact family in repository '{repository}': its path has none of {}",
        family::segments()
    )]
    FamilyNotInferred {
        /// The repository.
        repository: String,
    },
    /// Text that is neither YAML nor JSON, or says something JSON cannot say exactly.
    #[error("invalid document at line {line}, column {column}: {reason}")]
    Source {
        /// Line of the fault, from 1; 0 when unknown.
        line: u64,
        /// Column of the fault, from 1; 0 when unknown.
        column: u64,
        /// What the parser said.
        reason: String,
    },
    /// A document or configuration that is too large.
    #[error("configuration of {bytes} bytes exceeds the limit of {limit} bytes")]
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A configuration that its family's schema refuses.
    #[error("invalid {subject}: {}", summary(faults))]
    Invalid {
        /// The family, and where it came from.
        subject: String,
        /// Every fault.
        faults: Vec<Fault>,
    },
    /// A schema that cannot be used.
    #[error("unusable schema for '{family}': {reason}")]
    Schema {
        /// The family it is for.
        family: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Not an amount of processors or memory.
    #[error("invalid amount of {what} '{text}': {reason}")]
    Quantity {
        /// `cpu` or `memory`.
        what: &'static str,
        /// The text given.
        text: String,
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// Not a published port.
    #[error("invalid port '{text}': {reason}")]
    Port {
        /// The text given.
        text: String,
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// Not a volume.
    #[error("invalid volume '{text}': {reason}")]
    Volume {
        /// The text given.
        text: String,
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// Not `REF[:/path]`.
    #[error("invalid mount '{text}': {reason}")]
    MountFlag {
        /// The text given.
        text: String,
        /// Which rule it breaks.
        reason: String,
    },
    /// A path in the machine that nothing can be mounted at.
    #[error("cannot mount at '{path}': {reason}")]
    MountPath {
        /// The path given.
        path: String,
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// A family without a default path, and no path given.
    #[error("{family} '{name}' says not where it goes: it has no mount.path")]
    MountPathMissing {
        /// The family.
        family: &'static str,
        /// The artifact's name.
        name: String,
    },
    /// Something that is not mounted into an agent.
    #[error("cannot mount '{subject}': it is {what}")]
    NotMountable {
        /// Reference or name.
        subject: String,
        /// What it is.
        what: String,
    },
    /// Two artifacts that claim the same place.
    #[error("cannot mount '{second}' at '{path}': {reason} '{first}'")]
    MountConflict {
        /// The path both claim, or that lies inside a file.
        path: String,
        /// `taken by` or `inside the file of`.
        reason: &'static str,
        /// The one that has it.
        first: String,
        /// The one that wants it too.
        second: String,
    },
    /// A family that cannot be run.
    #[error("cannot run '{reference}': it is {what}")]
    NotRunnable {
        /// The reference.
        reference: String,
        /// What it is.
        what: String,
        /// Whether it can be mounted into a run.
        mountable: bool,
    },
    /// A bundle with no agent to run, or with a choice of agents.
    #[error(
        "cannot run bundle '{bundle}': it has {}, and exactly one can run",
        agents_of(agents)
    )]
    AgentCount {
        /// The bundle.
        bundle: String,
        /// Its agents.
        agents: Vec<String>,
    },
    /// A component that is not what its place in the bundle says.
    #[error("component '{reference}' at {pointer} is {found}, not {}", expected.article())]
    WrongFamily {
        /// The component.
        reference: String,
        /// Where the bundle or policy names it.
        pointer: String,
        /// What belongs there.
        expected: family::Family,
        /// What it is.
        found: String,
    },
    /// A component whose reference cannot be understood.
    #[error("invalid reference at {pointer}: {source}")]
    ComponentReference {
        /// Where it is written.
        pointer: String,
        /// What is wrong with it.
        source: lazaret_oci::Error,
    },
    /// A reference whose two digests differ.
    #[error("two digests at {pointer}: the reference says {written}, digest says {pin}")]
    PinConflict {
        /// Where it is written.
        pointer: String,
        /// The digest in the reference.
        written: Digest,
        /// The digest beside it.
        pin: Digest,
    },
    /// Content that is not what the pin says.
    #[error("'{reference}' is pinned, but the registry gave {found}")]
    PinMismatch {
        /// The pinned reference.
        reference: String,
        /// The digest of what came.
        found: Digest,
    },
    /// Two integrations that the delivered policy would call the same.
    #[error("integrations '{first}' and '{second}' would both be called '{id}'")]
    IntegrationConflict {
        /// The last segment of both.
        id: String,
        /// The one that has the id.
        first: String,
        /// The one that wants it too.
        second: String,
    },
    /// A sandbox that this program does not build.
    #[error("sandbox '{reference}' asks for isolation '{isolation}', which is not supported")]
    Isolation {
        /// The sandbox.
        reference: String,
        /// What it asks for.
        isolation: String,
    },
    /// No command anywhere.
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
