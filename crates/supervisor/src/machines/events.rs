//! The events of all machines of a user, in one file: what became of which machine, and when.
//!
//! ```text
//! machines/events.jsonl      one event a line, appended by whoever causes it
//! machines/events.old        the file before, once it had FILE_BYTES
//! ```
//! A line is written with one call, so that lines of several processes do not mix. An event that
//! cannot be written is left out: it is no reason for a machine to fail.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use lazaret_egress::DecisionRecord;
use serde::{Deserialize, Serialize};

use super::record::Spec;
use crate::Error;
use crate::clock::nanoseconds;

/// Bytes after which a new file is begun.
const FILE_BYTES: u64 = 4 << 20;
const NAME: &str = "events.jsonl";
const OLD: &str = "events.old";

/// Something that happened to a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineEvent {
    /// When, in nanoseconds since 1970.
    pub time: u64,
    /// What.
    pub action: Action,
    /// The machine's id.
    pub id: String,
    /// Its name; with [`Action::Rename`] the new one.
    pub name: String,
    /// Its image, as it was named.
    pub image: String,
    /// Its labels.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub labels: std::collections::BTreeMap<String, String>,
    /// What was decided, with [`Action::Deny`] and [`Action::Ask`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<DecisionRecord>,
    /// The exit status, with [`Action::Die`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<u8>,
}

/// What happened, in the words of container tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The machine was made.
    Create,
    /// Its workload was started.
    Start,
    /// It has ended.
    Die,
    /// Its processors were stopped.
    Pause,
    /// Its processors go on.
    Unpause,
    /// It got another name.
    Rename,
    /// It was removed.
    Destroy,
    /// A connection or request of it was refused.
    Deny,
    /// A request of it waits for a person.
    Ask,
}

impl Action {
    /// The action in one word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Start => "start",
            Self::Die => "die",
            Self::Pause => "pause",
            Self::Unpause => "unpause",
            Self::Rename => "rename",
            Self::Destroy => "destroy",
            Self::Deny => "deny",
            Self::Ask => "ask",
        }
    }
}

/// Notes an event of a machine, which has a folder in `machines`.
pub(super) fn note(machines: &Path, action: Action, spec: &Spec, exit_code: Option<u8>) {
    append_or_warn(machines, &event(action, spec, exit_code, None));
}

/// Notes what was decided about the network of a machine.
pub(super) fn note_network(machines: &Path, action: Action, spec: &Spec, record: &DecisionRecord) {
    append_or_warn(machines, &event(action, spec, None, Some(record.clone())));
}

fn event(
    action: Action,
    spec: &Spec,
    exit_code: Option<u8>,
    network: Option<DecisionRecord>,
) -> MachineEvent {
    MachineEvent {
        time: nanoseconds(),
        action,
        id: spec.id.clone(),
        name: spec.name.clone(),
        image: spec.image.clone(),
        labels: spec.labels.clone(),
        network,
        exit_code,
    }
}

fn append_or_warn(machines: &Path, event: &MachineEvent) {
    if let Err(error) = append(machines, event) {
        tracing::warn!(%error, "event not noted");
    }
}

fn append(machines: &Path, event: &MachineEvent) -> io::Result<()> {
    let path = machines.join(NAME);
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    let mut file = File::options().create(true).append(true).open(&path)?;
    if file.metadata()?.len() >= FILE_BYTES {
        // Of two processes that do this at once, the second one moves a short file.
        fs::rename(&path, machines.join(OLD))?;
        file = File::options().create(true).append(true).open(&path)?;
    }
    file.write_all(&line)
}

/// Reads the events of a user's machines, the oldest first.
#[derive(Debug)]
pub struct MachineEvents {
    machines: PathBuf,
    file: Option<File>,
    /// Bytes that were read and are not a whole line yet.
    rest: Vec<u8>,
}

impl MachineEvents {
    pub(super) fn new(machines: &Path) -> Result<Self, Error> {
        let mut events = Self {
            machines: machines.to_owned(),
            file: None,
            rest: Vec::new(),
        };
        events.file = events.open(OLD)?;
        Ok(events)
    }

    fn open(&self, name: &str) -> Result<Option<File>, Error> {
        let path = self.machines.join(name);
        match File::open(&path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("open", &path)(error)),
        }
    }

    /// The events that have come since the last call. Lines that cannot be read are left out.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn next_events(&mut self) -> Result<Vec<MachineEvent>, Error> {
        let mut events = self.read()?;
        let current = self.open(NAME)?;
        let place = |file: &Option<File>| {
            let data = file.as_ref()?.metadata().ok()?;
            Some((data.dev(), data.ino()))
        };
        if place(&current).is_some() && place(&current) != place(&self.file) {
            self.rest.clear();
            self.file = current;
            events.extend(self.read()?);
        }
        Ok(events)
    }

    fn read(&mut self) -> Result<Vec<MachineEvent>, Error> {
        let Some(file) = &mut self.file else {
            return Ok(Vec::new());
        };
        // A file that was cut short is read anew.
        let position = file.stream_position().unwrap_or(0);
        if file.metadata().is_ok_and(|data| data.len() < position) {
            let _begin = file.seek(SeekFrom::Start(0));
        }
        file.read_to_end(&mut self.rest)
            .map_err(Error::io("read the events in", &self.machines))?;
        let whole = self.rest.iter().rposition(|byte| *byte == b'\n');
        let rest = self.rest.split_off(whole.map_or(0, |end| end + 1));
        let lines = std::mem::replace(&mut self.rest, rest);
        let lines = lines.split(|byte| *byte == b'\n');
        Ok(lines
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect())
    }
}

#[cfg(test)]
mod tests;
