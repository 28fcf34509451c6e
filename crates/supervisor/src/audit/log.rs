//! The log of one machine, as its holder writes it.

use std::fs::File;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lazaret_audit::{Logs, Writer};
use lazaret_values::Chain;

use super::event::AuditEvent;

/// The log of a machine. It is this process's alone until the value is dropped.
#[derive(Debug)]
pub struct AuditLog {
    /// The writer, or why there is none.
    writer: Mutex<Result<Writer, String>>,
}

/// A log that has ended and may not be on the disk yet.
#[derive(Debug)]
#[must_use]
pub(crate) struct Unsynced(Option<File>);

impl Unsynced {
    /// Waits until everything that was logged is on the disk.
    pub(crate) fn sync(self) {
        if let Some(Err(error)) = self.0.map(|file| file.sync_data()) {
            tracing::warn!(%error, "audit log not synced");
        }
    }
}

/// The logs of the user whose machine is in this folder.
pub(crate) fn logs_of(machine: &Path) -> Logs {
    let machines = machine.parent().unwrap_or(machine);
    let data = machines.parent().unwrap_or(machines);
    Logs::new(data.join("audit"))
}

impl AuditLog {
    /// Opens the log of the machine in a folder. One that cannot be opened is told by [`AuditLog::check`].
    /// Blocks for the disk.
    #[must_use]
    pub fn open(machine: &Path, id: &str) -> Self {
        let writer = Writer::open(logs_of(machine), id);
        Self {
            writer: Mutex::new(writer.map_err(|error| Chain(&error).to_string())),
        }
    }

    /// Whether events can be logged. A machine is not started without.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn check(&self) -> Result<(), String> {
        match &*self.lock() {
            Ok(_) => Ok(()),
            Err(reason) => Err(reason.clone()),
        }
    }

    /// Logs an event. What a person has decided is on the disk when this returns; it blocks for that. One
    /// that cannot be logged is counted, and the log says so later.
    pub fn note(&self, event: &AuditEvent) {
        if let Ok(writer) = &mut *self.lock() {
            let noted = writer
                .append(event)
                .and_then(|()| match event.is_decided_by_a_person() {
                    true => writer.sync(),
                    false => Ok(()),
                });
            if let Err(error) = noted {
                tracing::warn!(error = %Chain(&error), kind = event.kind(), "event not logged");
            }
        }
    }

    /// Ends the log, so that others may go on with it; returns what [`Unsynced::sync`] writes to the disk.
    pub(crate) fn end(&self) -> Unsynced {
        let over = Err("the run is over".to_owned());
        let writer = std::mem::replace(&mut *self.lock(), over).ok();
        Unsynced(writer.and_then(|writer| writer.release().ok()))
    }

    /// A panic while it was held has left no half of a line.
    fn lock(&self) -> MutexGuard<'_, Result<Writer, String>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
