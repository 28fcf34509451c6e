//! Prints the failure of a command.

use std::io;

use crate::exit;
use crate::failure::Failure;
use crate::hints;
use crate::printer::Printer;

/// Prints a failure and returns the exit status. `floor` replaces the status for commands whose
/// small statuses belong to the workload (125 for `run`).
pub(crate) fn report(failure: &Failure, printer: Printer, floor: Option<u8>) -> u8 {
    if matches!(failure, Failure::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe) {
        return exit::SUCCESS;
    }
    let answer = hints::answer(failure);
    let status = match failure {
        // This status is the workload's, so `floor` does not apply.
        Failure::Workload(_) => answer.status,
        _ => floor.unwrap_or(answer.status),
    };
    printer.failure(&answer.message, answer.hint.as_deref(), status);
    status
}

#[cfg(test)]
mod tests;
