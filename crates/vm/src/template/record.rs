//! `template.json`: what is known of a template.

use std::path::Path;

use lazaret_files::{open_regular, read_regular};
use lazaret_protocol::Hello;
use ring::digest::{Digest, SHA256, digest};
use serde::{Deserialize, Serialize};

use super::key::{FORMAT, TemplateKey};
use crate::Error;

pub(super) const FILE: &str = "template.json";
pub(super) const MEMORY: &str = "memory";
pub(super) const STATE: &str = "state";

/// Largest record in bytes.
const MAX_RECORD_BYTES: u64 = 256 * 1024;
/// Largest state of devices in bytes; a machine with the most disks has less than 1 MiB.
pub(crate) const MAX_STATE_BYTES: u64 = 64 * 1024 * 1024;
/// Largest memory of a machine in bytes.
const MAX_MEMORY_BYTES: u64 = 1 << 40;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    format: u32,
    pub(super) key: TemplateKey,
    pub(super) hello: Hello,
    /// Size of the machine's memory in bytes.
    pub(super) memory_bytes: u64,
    pub(super) memory: Sum,
    state: Sum,
}

/// Size and digest of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sum {
    bytes: u64,
    /// SHA-256 in hexadecimal digits.
    sha256: String,
}

impl Sum {
    pub(super) fn new(bytes: u64, digest: Digest) -> Self {
        Self {
            bytes,
            sha256: lazaret_values::hex(digest.as_ref()),
        }
    }

    fn of(bytes: &[u8]) -> Self {
        Self::new(bytes.len() as u64, digest(&SHA256, bytes))
    }

    /// Compares the sum of a file with what it has to be.
    pub(super) fn check(&self, folder: &Path, file: &str, found: &Self) -> Result<(), Error> {
        if self == found {
            return Ok(());
        }
        let reason = if self.bytes == found.bytes {
            format!("the digest of `{file}` is {}", found.sha256)
        } else {
            let (found, bytes) = (found.bytes, self.bytes);
            format!("`{file}` has {found} bytes and not {bytes}")
        };
        Err(refused(folder, reason))
    }
}

impl Record {
    pub(super) fn new(
        key: TemplateKey,
        hello: Hello,
        memory_bytes: u64,
        memory: Sum,
        state: &[u8],
    ) -> Self {
        Self {
            format: FORMAT,
            key,
            hello,
            memory_bytes,
            memory,
            state: Sum::of(state),
        }
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(FILE);
        let bytes = serde_json::to_vec_pretty(self).expect("strings and numbers serialize");
        std::fs::write(&path, bytes).map_err(Error::io("write", path))
    }

    /// Reads the record; checks the sizes of the files, which tell what was cut off.
    pub(super) fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE);
        let bytes = read_regular(&path, MAX_RECORD_BYTES).map_err(Error::io("read", &path))?;
        let record: Self = serde_json::from_slice(&bytes)
            .map_err(|error| refused(folder, format!("its record is damaged: {error}")))?;
        if record.format != FORMAT {
            let format = record.format;
            return Err(refused(folder, format!("format {format} is not {FORMAT}")));
        }
        if record.memory_bytes > MAX_MEMORY_BYTES {
            let bytes = record.memory_bytes;
            return Err(refused(folder, format!("no machine has {bytes} bytes")));
        }
        for (file, sum) in [(MEMORY, &record.memory), (STATE, &record.state)] {
            let path = folder.join(file);
            let metadata = open_regular(&path).and_then(|file| file.metadata());
            let found = metadata.map_err(Error::io("open", &path))?.len();
            if found != sum.bytes {
                let bytes = sum.bytes;
                let reason = format!("`{file}` has {found} bytes and not {bytes}");
                return Err(refused(folder, reason));
            }
        }
        Ok(record)
    }

    /// Reads and checks the state of the devices.
    pub(super) fn read_state(&self, folder: &Path) -> Result<Vec<u8>, Error> {
        let path = folder.join(STATE);
        let state = read_regular(&path, MAX_STATE_BYTES).map_err(Error::io("read", &path))?;
        self.state.check(folder, STATE, &Sum::of(&state))?;
        Ok(state)
    }
}

fn refused(folder: &Path, reason: String) -> Error {
    Error::Template {
        path: folder.to_owned(),
        reason,
    }
}
