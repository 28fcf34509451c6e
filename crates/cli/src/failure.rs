//! One function that renders every failure and picks its exit status.

use std::io;

use lazaret_supervisor::ErrorClass;
use lazaret_values::Chain;

use crate::exit;
use crate::printer::Printer;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An operation of the supervisor failed.
    Supervisor(lazaret_supervisor::Error),
    /// The registry could not be started.
    Registry(lazaret_registry::Error),
    /// The content of a registry could not be read or written.
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

    /// Prints the failure and returns the exit status. `floor` replaces the class's status
    /// for commands whose small statuses belong to the workload (`run`: 125).
    pub(crate) fn report(&self, printer: Printer, floor: Option<u8>) -> u8 {
        if self.is_broken_pipe() {
            return exit::SUCCESS;
        }
        printer.always(&format!("error: {}", self.message()));
        if let Some(hint) = self.hint() {
            printer.always(&format!("hint: {hint}"));
        }
        let status = match self {
            // Of the workload, not of Lazaret: it stands whatever the floor is.
            Self::Supervisor(lazaret_supervisor::Error::Workload { status, .. }) => return *status,
            Self::Supervisor(error) => exit::status(error.class()),
            Self::Registry(_) => exit::FAILURE,
            Self::Content(error) => exit::status(content_class(error)),
            Self::Usage { .. } => exit::USAGE,
            Self::Invalid { .. } => exit::INVALID,
            Self::Io { .. } => exit::status(ErrorClass::Storage),
        };
        floor.unwrap_or(status)
    }

    fn message(&self) -> String {
        match self {
            Self::Supervisor(error) => Chain(error).to_string(),
            Self::Registry(error) => Chain(error).to_string(),
            Self::Content(error) => Chain(error).to_string(),
            Self::Usage { message, .. } => message.clone(),
            Self::Invalid { faults: 1 } => "1 fault".to_owned(),
            Self::Invalid { faults } => format!("{faults} faults"),
            Self::Io { action, source } => format!("failed to {action}: {source}"),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Supervisor(error) => error.hint(),
            Self::Usage { hint, .. } => hint.clone(),
            Self::Io { source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
                Some("another program listens there; choose another --listen address".to_owned())
            }
            _ => None,
        }
    }

    fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}

fn content_class(error: &lazaret_content::Error) -> ErrorClass {
    match error {
        lazaret_content::Error::DigestMismatch { .. }
        | lazaret_content::Error::SizeMismatch { .. } => ErrorClass::Integrity,
        lazaret_content::Error::Name { .. } => ErrorClass::Invalid,
        _ => ErrorClass::Storage,
    }
}

impl From<lazaret_supervisor::Error> for Failure {
    fn from(error: lazaret_supervisor::Error) -> Self {
        Self::Supervisor(error)
    }
}

impl From<lazaret_registry::Error> for Failure {
    fn from(error: lazaret_registry::Error) -> Self {
        Self::Registry(error)
    }
}

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
