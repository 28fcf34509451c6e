//! Maps failures to the command line's answer: exit status, message and a hint.
//!
//! Libraries report what failed and know no flags; this module says it in the words of the command
//! line. It has one file for each kind of failure, and nothing else in this crate maps errors.

mod artifacts;
mod builds;
mod check;
mod client;
mod daemon;
#[cfg(feature = "serve")]
mod mirror;
mod network;
mod packs;
#[cfg(feature = "serve")]
mod registry;
mod secrets;
mod supervisor;
mod variants;
mod vm;

use lazaret_supervisor::{Error, ErrorClass, FailureKind, Finding, Notice};
use lazaret_values::Chain;

use crate::exit;
use crate::failure::Failure;

/// The answer to a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u8,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// The answer to a failure.
pub(crate) fn answer(failure: &Failure) -> Answer {
    let (status, message, hint) = match failure {
        Failure::Supervisor(error) => return of_error(error),
        Failure::Daemon(error) => (
            exit::status(daemon::class(error)),
            Chain(error).to_string(),
            daemon::hint(error),
        ),
        #[cfg(feature = "serve")]
        Failure::Registry(error) => (
            exit::status(registry::class(error)),
            Chain(error).to_string(),
            registry::hint(error),
        ),
        #[cfg(feature = "serve")]
        Failure::Content(error) => (
            exit::status(registry::content_class(error)),
            Chain(error).to_string(),
            None,
        ),
        #[cfg(feature = "serve")]
        Failure::Mirror(error) => (
            exit::status(mirror::class(error)),
            Chain(error).to_string(),
            mirror::hint(error),
        ),
        #[cfg(feature = "serve")]
        Failure::Install(error) => (
            exit::status(mirror::install_class(error)),
            Chain(&**error).to_string(),
            mirror::install_hint(error),
        ),
        Failure::Workload(failure) => {
            let status = match failure.kind {
                FailureKind::Machine => exit::MACHINE,
                FailureKind::NotExecutable => exit::NOT_EXECUTABLE,
                FailureKind::NotFound => exit::COMMAND_NOT_FOUND,
            };
            (status, failure.message.clone(), None)
        }
        Failure::Usage { message, hint } => (exit::USAGE, message.clone(), hint.clone()),
        Failure::Invalid { faults: 1 } => (exit::INVALID, "1 fault".to_owned(), None),
        Failure::Invalid { faults } => (exit::INVALID, format!("{faults} faults"), None),
        Failure::NotReady { parts, hint } => (
            exit::status(ErrorClass::NotFound),
            format!("missing for machines: {}", parts.join(", ")),
            hint.clone(),
        ),
        Failure::Io { action, source } => (
            exit::status(ErrorClass::Storage),
            format!("failed to {action}: {source}"),
            None,
        ),
    };
    Answer {
        status,
        message,
        hint,
    }
}

/// The answer to an error of the supervisor.
pub(crate) fn of_error(error: &Error) -> Answer {
    Answer {
        status: exit::status(error.class()),
        message: supervisor::message(error).unwrap_or_else(|| Chain(error).to_string()),
        hint: supervisor::hint(error),
    }
}

/// The advice for a notice, if there is any.
pub(crate) fn of_notice(notice: &Notice) -> Option<String> {
    match notice {
        Notice::Accelerator(verdict) => vm::accelerator(&verdict.reason).map(str::to_owned),
        Notice::Credential(notice) => Some(secrets::notice(notice)),
        _ => None,
    }
}

/// The advice for what a check of the host has found, if there is any.
pub(crate) fn of_finding(finding: &Finding) -> Option<&'static str> {
    check::advice(finding)
}

#[cfg(test)]
mod tests;
