//! The logs of a user's machines, also of those that were removed: shows, verifies and prunes them.

use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use lazaret_audit::{Logs, Reader, Summary};
use lazaret_egress::DecisionRecord;
use serde::{Deserialize as _, Serialize};

use crate::audit::AuditEvent;
use crate::{Error, Home, clock, time};

/// A machine with a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditedMachine {
    /// Its id.
    pub id: String,
    /// Its name, as it was when the log began.
    pub name: Option<String>,
    /// Whether the machine is still there.
    pub exists: bool,
    /// Bytes of its log.
    pub bytes: u64,
    /// When the log was last written to (RFC 3339).
    pub last: String,
}

impl Home {
    /// The machines with logs, in the order of their ids.
    ///
    /// # Errors
    /// [`Error::Audit`].
    pub fn audited_machines(&self) -> Result<Vec<AuditedMachine>, Error> {
        let logs = self.audit_logs();
        let machines = self.machines.list()?;
        let mut audited = Vec::new();
        for id in logs.ids()? {
            let (bytes, last) = match logs.size(&id) {
                // It was removed meanwhile.
                Err(lazaret_audit::Error::Absent { .. }) => continue,
                size => size?,
            };
            let last = last.duration_since(UNIX_EPOCH).unwrap_or_default();
            audited.push(AuditedMachine {
                name: name_of(&logs, &id),
                exists: machines.iter().any(|found| found.spec.id == id),
                bytes,
                last: time::stamp(u64::try_from(last.as_nanos()).unwrap_or(u64::MAX)),
                id,
            });
        }
        Ok(audited)
    }

    /// The log of a machine, from its beginning: by its name or id, also when it was removed.
    ///
    /// # Errors
    /// [`Error::Audit`]; [`Error::MachineAmbiguous`].
    pub fn audit_reader(&self, machine: &str) -> Result<Reader, Error> {
        let id = self.audited(machine)?;
        Ok(Reader::open(&self.audit_logs(), &id, None)?)
    }

    /// Verifies the log of a machine, or a file that is one. A `head` that was kept elsewhere has to be in
    /// it.
    ///
    /// # Errors
    /// [`Error::Audit`], [`Error::MachineAmbiguous`].
    pub fn verify_audit(&self, subject: &str, head: Option<&str>) -> Result<Summary, Error> {
        let path = PathBuf::from(subject);
        let is_file = subject.contains('/') || subject.ends_with(".jsonl");
        let reader = match is_file && path.is_file() {
            true => Reader::of_files(vec![path], head),
            false => Reader::open(&self.audit_logs(), &self.audited(subject)?, head)?,
        };
        Ok(reader.finish()?)
    }

    /// What was decided for a machine, in order.
    ///
    /// # Errors
    /// As [`Home::audit_reader`]; [`Error::Audit`] for a log that was changed.
    pub fn decisions(&self, machine: &str) -> Result<Vec<DecisionRecord>, Error> {
        let mut reader = self.audit_reader(machine)?;
        let mut decisions = Vec::new();
        while let Some(record) = reader.next_record()? {
            if let Ok(AuditEvent::Decision(decision)) = AuditEvent::deserialize(&record.event) {
                decisions.push(*decision);
            }
        }
        Ok(decisions)
    }

    /// Removes the logs of machines that are no more and that were last written to before that time;
    /// returns the machines. With `dry_run` nothing is removed.
    ///
    /// # Errors
    /// [`Error::Audit`].
    pub fn prune_audit(
        &self,
        older_than: Duration,
        dry_run: bool,
    ) -> Result<Vec<AuditedMachine>, Error> {
        let age = u64::try_from(older_than.as_nanos()).unwrap_or(u64::MAX);
        let before = time::stamp(clock::nanoseconds().saturating_sub(age));
        let mut machines = self.audited_machines()?;
        // Both are times in UTC with the same number of digits.
        machines.retain(|machine| !machine.exists && machine.last < before);
        if !dry_run {
            for machine in &machines {
                self.audit_logs().remove(&machine.id)?;
            }
        }
        Ok(machines)
    }

    fn audit_logs(&self) -> Logs {
        Logs::new(self.settings.data.join("audit"))
    }

    /// The id of a machine with a log. Of removed ones with the same name, the name is in doubt.
    fn audited(&self, wanted: &str) -> Result<String, Error> {
        match self.machines.find(wanted) {
            Ok(found) => return Ok(found.spec.id),
            Err(Error::MachineNotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        let logs = self.audit_logs();
        let ids = logs.ids()?;
        if ids.iter().any(|id| id == wanted) {
            return Ok(wanted.to_owned());
        }
        let is_digits = !wanted.is_empty() && wanted.bytes().all(|byte| byte.is_ascii_hexdigit());
        let fits = |id: &&String| {
            (is_digits && id.starts_with(wanted)) || name_of(&logs, id).as_deref() == Some(wanted)
        };
        let mut found: Vec<String> = ids.iter().filter(fits).cloned().collect();
        match found.len() {
            0 => Err(lazaret_audit::Error::Absent {
                id: wanted.to_owned(),
            }
            .into()),
            1 => Ok(found.swap_remove(0)),
            _ => Err(Error::MachineAmbiguous {
                text: wanted.to_owned(),
                names: found,
            }),
        }
    }
}

/// The name that the first event of a log gives, which somebody may have changed.
fn name_of(logs: &Logs, id: &str) -> Option<String> {
    match AuditEvent::deserialize(&logs.first_event(id)?) {
        Ok(AuditEvent::Start { name, .. }) => Some(name),
        _ => None,
    }
}
