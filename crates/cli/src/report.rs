//! The last words of a command that failed.

use std::io;

use crate::exit;
use crate::failure::Failure;
use crate::hints;
use crate::printer::Printer;

/// Prints a failure and returns the exit status. `floor` replaces the status of commands whose
/// small statuses belong to the workload (`run`: 125).
pub(crate) fn report(failure: &Failure, printer: Printer, floor: Option<u8>) -> u8 {
    if matches!(failure, Failure::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe) {
        return exit::SUCCESS;
    }
    let answer = hints::answer(failure);
    printer.always(&format!("error: {}", answer.message));
    if let Some(hint) = &answer.hint {
        printer.always(&format!("hint: {hint}"));
    }
    match failure {
        // Of the workload, not of Lazaret: it stands whatever the floor is.
        Failure::Workload(_) => answer.status,
        _ => floor.unwrap_or(answer.status),
    }
}

#[cfg(test)]
mod tests;
