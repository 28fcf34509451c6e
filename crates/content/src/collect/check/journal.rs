//! Counts findings and reports them to the caller.

use super::finding::{Action, CheckEvent, CheckSummary, Finding};

/// The receiver of findings and progress, with the counts so far.
pub(super) struct Journal<'a> {
    pub(super) events: &'a mut (dyn FnMut(CheckEvent<'_>) + Send),
    pub(super) summary: CheckSummary,
}

impl Journal<'_> {
    pub(super) fn finding(&mut self, finding: &Finding) {
        if finding.fault.is_note() {
            self.summary.notes += 1;
        } else {
            self.summary.faults += 1;
        }
        if finding.action != Action::None {
            self.summary.repaired += 1;
        }
        (self.events)(CheckEvent::Finding(finding));
    }

    pub(super) fn progress(&mut self) {
        (self.events)(CheckEvent::Progress(&self.summary));
    }
}
