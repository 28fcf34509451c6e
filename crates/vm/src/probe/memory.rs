//! Remembers verdicts in a file.

use std::path::{Path, PathBuf};

use lazaret_files::{Durability::Synced, blocking};
use serde::{Deserialize, Serialize};

use super::Reason;
use crate::Error;

const VERSION: u32 = 1;
/// Most verdicts in the file, enough for the kernels and QEMUs in use; the oldest are dropped.
const MAX_ENTRIES: usize = 32;

/// The key of a verdict: everything on which it depends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    /// `uname -r` of the host.
    pub(super) host: String,
    pub(super) qemu: String,
    pub(super) processor: String,
    /// Digest of the guest's kernel.
    pub(super) kernel: String,
}

impl Key {
    pub(super) async fn of_host(qemu: &str, kernel: &str) -> Self {
        let cpuinfo = tokio::fs::read_to_string("/proc/cpuinfo")
            .await
            .unwrap_or_default();
        Self {
            host: rustix::system::uname()
                .release()
                .to_string_lossy()
                .into_owned(),
            qemu: qemu.to_owned(),
            processor: processor(&cpuinfo).unwrap_or("unknown").to_owned(),
            kernel: kernel.to_owned(),
        }
    }
}

pub(super) fn processor(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo
        .lines()
        .find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    version: u32,
    /// The verdicts, the newest last.
    verdicts: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    host: Key,
    reason: Reason,
}

/// The reason that is remembered for `key`. If the file is unusable, the next probe replaces it.
pub(super) async fn recall(file: &Path, key: &Key) -> Option<Reason> {
    let memory = read(file).await?;
    memory
        .verdicts
        .into_iter()
        .rev()
        .find(|entry| entry.host == *key)
        .map(|entry| entry.reason)
}

pub(super) async fn remember(file: &Path, key: Key, reason: Reason) -> Result<(), Error> {
    let mut verdicts = read(file)
        .await
        .map(|memory| memory.verdicts)
        .unwrap_or_default();
    verdicts.retain(|entry| entry.host != key);
    verdicts.push(Entry { host: key, reason });
    let excess = verdicts.len().saturating_sub(MAX_ENTRIES);
    verdicts.drain(..excess);
    let memory = Memory {
        version: VERSION,
        verdicts,
    };
    let mut bytes = serde_json::to_vec_pretty(&memory).expect("strings and numbers serialize");
    bytes.push(b'\n');
    let file = PathBuf::from(file);
    blocking(move || {
        Synced.create_dirs(file.parent().unwrap_or(Path::new(".")))?;
        Ok(lazaret_files::replace(&file, &bytes, 0o600)?)
    })
    .await
}

async fn read(file: &Path) -> Option<Memory> {
    let bytes = tokio::fs::read(file).await.ok()?;
    serde_json::from_slice(&bytes)
        .ok()
        .filter(|memory: &Memory| memory.version == VERSION)
}
