use lazaret_supervisor::{FailureKind, WorkloadFailure};

use super::*;
use crate::format::Format;

const QUIET: Printer = Printer {
    quiet: true,
    format: Format::Text,
};

#[cfg(feature = "serve")]
#[test]
fn a_taken_address_is_a_conflict_but_beside_a_workload() {
    let taken = || {
        Failure::Registry(lazaret_registry::Error::Listen {
            address: ([127, 0, 0, 1], 0).into(),
            source: io::ErrorKind::AddrInUse.into(),
        })
    };
    assert_eq!(report(&taken(), QUIET, None), exit::CONFLICT);
    assert_eq!(report(&taken(), QUIET, Some(exit::MACHINE)), exit::MACHINE);
}

#[test]
fn commands_with_a_workload_keep_small_statuses_for_it() {
    let missing = Failure::Workload(WorkloadFailure {
        kind: FailureKind::NotFound,
        message: "no such file".to_owned(),
    });
    let status = report(&missing, QUIET, Some(exit::MACHINE));
    assert_eq!(status, exit::COMMAND_NOT_FOUND);
}

#[test]
fn nobody_reads_on_is_no_failure() {
    let closed = Failure::io("write", io::ErrorKind::BrokenPipe.into());
    assert_eq!(report(&closed, QUIET, None), exit::SUCCESS);
}
