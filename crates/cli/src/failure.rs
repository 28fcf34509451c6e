//! The failure of a command, as a value. `hints` has the message and the advice to print for it.

use std::io;

use lazaret_supervisor::WorkloadFailure;

use crate::template;

/// The failure of a command.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An operation of the supervisor failed.
    Supervisor(lazaret_supervisor::Error),
    /// The workload could not be started.
    Workload(WorkloadFailure),
    /// The daemon could not be started.
    Daemon(lazaret_daemon::Error),
    /// The registry could not be started.
    #[cfg(feature = "serve")]
    Registry(lazaret_registry::Error),
    /// The content of a registry could not be read or written.
    #[cfg(feature = "serve")]
    Content(lazaret_content::Error),
    /// A mirror could not give what it was asked for.
    #[cfg(feature = "serve")]
    Mirror(lazaret_mirror::Error),
    /// Container engines could not be configured.
    #[cfg(feature = "serve")]
    Install(Box<lazaret_node::install::Error>),
    /// The request makes no sense; the hint says which would.
    Usage {
        /// The message.
        message: String,
        /// The advice.
        hint: Option<String>,
    },
    /// Documents that break their schemas; each fault was already printed.
    Invalid {
        /// Number of faults.
        faults: usize,
    },
    /// Something that machines need is missing; each part was already printed.
    NotReady {
        /// The parts.
        parts: Vec<&'static str>,
        /// The advice for the first one.
        hint: Option<String>,
    },
    /// An operation of the operating system failed.
    Io {
        /// The attempted action, which completes "failed to ...".
        action: String,
        /// The cause.
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

impl From<lazaret_daemon::Error> for Failure {
    fn from(error: lazaret_daemon::Error) -> Self {
        Self::Daemon(error)
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

#[cfg(feature = "serve")]
impl From<lazaret_mirror::Error> for Failure {
    fn from(error: lazaret_mirror::Error) -> Self {
        Self::Mirror(error)
    }
}

#[cfg(feature = "serve")]
impl From<lazaret_node::install::Error> for Failure {
    fn from(error: lazaret_node::install::Error) -> Self {
        Self::Install(Box::new(error))
    }
}

impl From<lazaret_oci::Error> for Failure {
    fn from(error: lazaret_oci::Error) -> Self {
        Self::Supervisor(error.into())
    }
}

impl From<io::Error> for Failure {
    /// An error of standard output, or of a template for it; errors of files are made by [`Failure::io`].
    fn from(error: io::Error) -> Self {
        let cause = error.get_ref();
        if let Some(error) = cause.and_then(|cause| cause.downcast_ref::<template::Error>()) {
            return Self::usage(format!("--format: {error}"));
        }
        Self::io("write to standard output", error)
    }
}
