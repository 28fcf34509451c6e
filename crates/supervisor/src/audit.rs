//! What machines did and what was decided for them: a hash-chained log for each, `<data>/audit/<id>.jsonl`
//! (`lazaret-audit`), which stays when the machine is removed.
//!
//! Its holder writes it. A line is in the file when the event is over, and so survives the death of any process;
//! it is synced to the disk when a run ends and when a person or a policy decides, so that a loss of
//! power takes at most what was not decided by a person since then. Nothing is synced while a machine
//! starts.

mod event;
mod log;

pub(crate) use event::AuditedStart;
pub use event::{AuditEvent, PersonsAnswer};
pub use log::AuditLog;
#[cfg(test)]
pub(crate) use log::logs_of;
