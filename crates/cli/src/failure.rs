//! Why a command failed, as a value. `hints` says what is printed for it.

use std::io;

use lazaret_supervisor::WorkloadFailure;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An operation of the supervisor failed.
    Supervisor(lazaret_supervisor::Error),
    /// The workload could not be started.
    Workload(WorkloadFailure),
    /// The registry could not be started.
    #[cfg(feature = "serve")]
    Registry(lazaret_registry::Error),
    /// The content of a registry could not be read or written.
    #[cfg(feature = "serve")]
    Content(lazaret_content::Error),
    /// The request makes no sense; the hint says what would.
    Usage {
        /// What is wrong.
        message: String,
        /// What to do instead.
        hint: Option<String>,
    },
    /// Documents that break their schemas; each fault was already printed.
    Invalid {
        /// How many.
        faults: usize,
    },
    /// The operating system refused.
    Io {
        /// What was attempted, fitting "failed to ...".
        action: String,
        /// Why it failed.
        source: io::Error,
    },
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn usage_with(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }

    pub(crate) fn io(action: impl Into<String>, source: io::Error) -> Self {
        Self::Io {
            action: action.into(),
            source,
        }
    }
}

impl From<lazaret_supervisor::Error> for Failure {
    fn from(error: lazaret_supervisor::Error) -> Self {
        Self::Supervisor(error)
    }
}

#[cfg(feature = "serve")]
impl From<lazaret_registry::Error> for Failure {
    fn from(error: lazaret_registry::Error) -> Self {
        Self::Registry(error)
    }
}

#[cfg(feature = "serve")]
impl From<lazaret_content::Error> for Failure {
    fn from(error: lazaret_content::Error) -> Self {
        Self::Content(error)
    }
}

impl From<lazaret_oci::Error> for Failure {
    fn from(error: lazaret_oci::Error) -> Self {
        Self::Supervisor(error.into())
    }
}

impl From<io::Error> for Failure {
    /// Of standard output; files name themselves through [`Failure::io`].
    fn from(error: io::Error) -> Self {
        Self::io("write to standard output", error)
    }
}
