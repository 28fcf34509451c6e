//! The events of a machine's log. They have names of variables and of credentials, never their values.

use lazaret_egress::{Answer, DecisionRecord};
use lazaret_protocol::Process;
use serde::{Deserialize, Serialize};

/// Most bytes of an argument that are logged.
const LONGEST_ARGUMENT: usize = 4096;
/// Most arguments and names that are logged.
const MOST: usize = 256;

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AuditEvent {
    /// The machine is about to be started.
    Start {
        /// Its id.
        machine: String,
        /// Its name.
        name: String,
        /// The image, as it was named.
        image: String,
        /// Digest of the image's manifest.
        digest: String,
        /// Program and arguments.
        argv: Vec<String>,
        /// Names of the variables.
        env: Vec<String>,
        /// The user.
        user: String,
        /// How often it was started again by itself.
        restarts: u32,
    },
    /// What is mounted in it.
    Mounts {
        /// The mounts: volumes, memory and artifacts with their paths.
        mounts: serde_json::Value,
    },
    /// A command beside the workload.
    Exec {
        /// Program and arguments.
        argv: Vec<String>,
        /// Names of the variables.
        env: Vec<String>,
        /// The user.
        user: String,
    },
    /// Something of the network was decided.
    Decision(Box<DecisionRecord>),
    /// A credential was asked for.
    Credential {
        /// The id of the integration.
        integration: String,
        /// The name of the credential.
        credential: String,
        /// The host that gets it.
        host: String,
        /// Why it was not given; `None` if it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refused: Option<String>,
    },
    /// The policy is another one from now on.
    Policy {
        /// The documents of the policy.
        documents: serde_json::Value,
        /// Who has changed it, as a user id.
        by: Option<u32>,
    },
    /// A person has answered.
    Answer(PersonsAnswer),
    /// The run is over.
    End {
        /// The state that the machine is in.
        state: String,
        /// The exit status.
        exit_code: Option<u8>,
        /// Why it was lost.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
}

/// A machine that is about to be started.
pub(crate) struct AuditedStart<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    /// Its image, as it was named, and the digest of its manifest.
    pub(crate) image: (&'a str, &'a str),
    pub(crate) process: &'a Process,
    pub(crate) restarts: u32,
}

/// The answer of a person to a held request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonsAnswer {
    /// The number of the question.
    pub ask: u64,
    /// The answer.
    pub answer: Answer,
    /// The host that was asked for.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The user id of whoever has answered.
    pub by: Option<u32>,
}

impl AuditEvent {
    /// A command beside the workload.
    #[must_use]
    pub(crate) fn exec(process: &Process) -> Self {
        Self::Exec {
            argv: arguments(&process.argv),
            env: names(&process.env),
            user: process.user.clone(),
        }
    }

    /// The machine is about to be started.
    #[must_use]
    pub(crate) fn start(machine: AuditedStart<'_>) -> Self {
        Self::Start {
            machine: machine.id.to_owned(),
            name: machine.name.to_owned(),
            image: machine.image.0.to_owned(),
            digest: machine.image.1.to_owned(),
            argv: arguments(&machine.process.argv),
            env: names(&machine.process.env),
            user: machine.process.user.clone(),
            restarts: machine.restarts,
        }
    }

    /// Whether it is to be on the disk before anything else happens.
    pub(super) fn is_decided_by_a_person(&self) -> bool {
        matches!(self, Self::Policy { .. } | Self::Answer(_))
    }

    /// The name of its kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Start { .. } => "start",
            Self::Mounts { .. } => "mounts",
            Self::Exec { .. } => "exec",
            Self::Decision(_) => "decision",
            Self::Credential { .. } => "credential",
            Self::Policy { .. } => "policy",
            Self::Answer(_) => "answer",
            Self::End { .. } => "end",
        }
    }
}

/// Arguments as they are logged: not all of a very long one.
fn arguments(argv: &[String]) -> Vec<String> {
    let cut = |argument: &String| match argument.len() > LONGEST_ARGUMENT {
        false => argument.clone(),
        true => {
            let end = (0..=LONGEST_ARGUMENT)
                .rev()
                .find(|at| argument.is_char_boundary(*at))
                .unwrap_or(0);
            format!("{}... ({} bytes)", &argument[..end], argument.len())
        }
    };
    argv.iter().take(MOST).map(cut).collect()
}

/// The names of variables.
fn names(env: &[String]) -> Vec<String> {
    let name = |entry: &String| entry.split('=').next().unwrap_or_default().to_owned();
    env.iter().take(MOST).map(name).collect()
}
