//! Errors of the networks of machines.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

/// Why a machine has no network, or something about it cannot be done.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// A port of the host cannot be published.
    #[error("port {address} of this host cannot be published")]
    Publish {
        /// The address and port on the host.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The process that serves the network does not start.
    #[error("the network of the machine does not start: {reason}")]
    Boundary {
        /// Why.
        reason: String,
        /// What it said itself.
        log: PathBuf,
    },
    /// There is no authority for the certificates of a run.
    #[error("no authority for this run")]
    Authority(#[source] lazaret_egress::AuthorityError),
    /// A machine has no network.
    #[error("machine '{machine}' has no network")]
    None {
        /// Its name.
        machine: String,
    },
    /// Nobody waits for the answer to this question.
    #[error("no request '{question}' waits for an answer")]
    NoQuestion {
        /// The number of the question, or its id.
        question: String,
    },
    /// The first digits of the id of a question stand for several machines, or none.
    #[error("'{text}' names no request: expected MACHINE-NUMBER, as `lazaret approve` lists them")]
    QuestionName {
        /// What was given.
        text: String,
    },
    /// A policy file cannot have a rule that settles a question.
    #[error("rule {rule} of {} would decide all the same", path.display())]
    NotSettled {
        /// The rule that decides.
        rule: String,
        /// The policy file.
        path: PathBuf,
    },
    /// A machine follows no policy file, so that an answer has no place to stand in.
    #[error("machine '{machine}' follows no policy file")]
    NoPolicyFile {
        /// Its name.
        machine: String,
    },
    /// A run wants a policy, and there is none.
    #[error("there is no policy for this run")]
    NoPolicy,
    /// Flags that exclude each other.
    #[error("a machine without a network has nothing to {what}")]
    WithoutNetwork {
        /// What was asked for.
        what: &'static str,
    },
}
