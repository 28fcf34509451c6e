//! Begins copies in the guest, and says why they failed.

use lazaret_protocol::CopyRequest;
use lazaret_tar::Class;

use crate::machines::{Ending, Session};
use crate::{Error, Home};

impl Home {
    /// Opens a session of a machine that copies; returns it with the machine's name.
    pub(super) async fn open_copy(
        &self,
        machine: &str,
        request: CopyRequest,
    ) -> Result<(String, Session), Error> {
        let found = self.machine(machine)?;
        let holder = self.holder(&found).await?;
        Ok((found.spec.name, holder.copy(request)?))
    }
}

/// Why the guest has not done what it was asked, if it has not; `told` is its own message.
pub(super) fn fault(machine: &str, ending: &Ending, told: Option<Error>) -> Option<Error> {
    let said = |message: String, class| {
        Some(Error::MachineCopy {
            machine: machine.to_owned(),
            message,
            class,
        })
    };
    match (ending, told) {
        (_, Some(error)) => Some(error),
        (Ending::Exit(outcome), None) => match outcome.exit_status() {
            0 => None,
            status => said(
                format!("the copy ended with status {status}"),
                Class::Storage,
            ),
        },
        // It is paused, or of an earlier release.
        (Ending::Failure(failure), None) => said(failure.message.clone(), Class::Conflict),
        (Ending::Killed, None) => said("it ended".to_owned(), Class::Storage),
    }
}

/// Adds to the cause of a failure what it leaves incomplete.
pub(super) fn incomplete(path: String, source: Error) -> Error {
    Error::CopyIncomplete {
        path,
        source: Box::new(source),
    }
}
