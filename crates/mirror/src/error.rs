//! The error type of this crate.

use std::sync::Arc;
use std::time::Duration;

use lazaret_oci::Digest;
use thiserror::Error;

/// The reason that a mirror cannot give what it was asked for.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum Error {
    /// The upstream does not have it, or said so within the lifetime of such answers.
    #[error("{upstream} does not have it")]
    NotFound {
        /// The namespace of the upstream.
        upstream: String,
    },
    /// The upstream refuses the mirror's credentials, or wants some.
    #[error("{upstream} does not let the mirror read it: {reason}")]
    Refused {
        /// The namespace of the upstream.
        upstream: String,
        /// The upstream's message.
        reason: String,
    },
    /// The upstream limits the rate of requests, fails, or cannot be reached.
    #[error("{upstream} gives no answer now: {reason}")]
    Unavailable {
        /// The namespace of the upstream.
        upstream: String,
        /// What it said, or the network.
        reason: String,
        /// The time after which to ask again.
        retry_after: Duration,
        /// Whether the upstream limits the rate of requests.
        is_rate_limited: bool,
    },
    /// The upstream's content is not what its digest says.
    #[error("{upstream} gives other content than {digest}: {reason}")]
    Integrity {
        /// The namespace of the upstream.
        upstream: String,
        /// The requested digest.
        digest: Digest,
        /// The difference.
        reason: String,
    },
    /// The mirror's settings forbid it.
    #[error("the mirror does not serve this: {reason}")]
    Forbidden {
        /// The rule that says so.
        reason: String,
    },
    /// A program of the operator could not be asked.
    #[error("the program {program} gave no verdict: {reason}")]
    Program {
        /// The program.
        program: String,
        /// What failed.
        reason: String,
    },
    /// The mirror's own store failed.
    #[error("the mirror's store failed")]
    Store(#[source] Arc<lazaret_content::Error>),
    /// A file of an unfinished blob could not be used.
    #[error("the folder of unfinished blobs failed")]
    Files(#[source] Arc<lazaret_files::Error>),
    /// The disk has no room for it.
    #[error("the mirror has no room for {wanted} bytes: {free} are free")]
    Full {
        /// Bytes that are wanted.
        wanted: u64,
        /// Bytes that may be used.
        free: u64,
    },
    /// The mirror is stopping.
    #[error("the mirror is stopping")]
    Stopped,
}

impl From<lazaret_content::Error> for Error {
    fn from(error: lazaret_content::Error) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl From<lazaret_files::Error> for Error {
    fn from(error: lazaret_files::Error) -> Self {
        Self::Files(Arc::new(error))
    }
}

impl From<lazaret_files::Stopped> for Error {
    fn from(_: lazaret_files::Stopped) -> Self {
        Self::Stopped
    }
}

impl Error {
    /// Whether the upstream did not answer, so that what is stored may be served although it is old.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}
