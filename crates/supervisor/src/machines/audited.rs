//! What the log of a machine says of it.

use std::path::Path;

use super::life::{Ending, Life};
use super::record::Spec;
use crate::audit::{AuditEvent, AuditLog, AuditedStart};

/// The machine is about to be started, with these mounts.
pub(super) fn start(log: &AuditLog, spec: &Spec, restarts: u32) {
    log.note(&AuditEvent::start(AuditedStart {
        id: &spec.id,
        name: &spec.name,
        image: (&spec.image, &spec.image_digest),
        process: &spec.boot.process,
        restarts,
    }));
    let mounts = spec.mounts();
    if !mounts.is_empty() {
        log.note(&AuditEvent::Mounts {
            mounts: serde_json::to_value(mounts).unwrap_or_default(),
        });
    }
}

/// The machine has come to this state.
pub(super) fn end(log: &AuditLog, life: &Life, error: Option<&str>) {
    log.note(&AuditEvent::End {
        state: life.name().to_owned(),
        exit_code: match life {
            Life::Exited(ending) | Life::Stopping(ending) => Some(Ending::status(ending)),
            _ => None,
        },
        error: error.map(str::to_owned),
    });
}

/// The process that held the machine has died, so nobody else says that it is over.
pub(super) fn lost(folder: &Path, spec: &Spec, reason: &str) {
    let log = AuditLog::open(folder, &spec.id);
    end(&log, &Life::Lost, Some(reason));
    log.end().sync();
}
