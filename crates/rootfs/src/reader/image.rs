//! The bytes of a disk, and places among them.

use std::fs::File;
use std::os::unix::fs::FileExt;

use crate::compression;
use crate::error::Error;

/// The bytes of a disk.
pub(super) struct Image {
    pub(super) file: File,
    /// In bytes.
    pub(super) size: u64,
}

/// Where the bytes of a file from some point on are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stretch {
    /// At this byte of the disk, so many of them.
    Disk { at: u64, length: u64 },
    /// Nowhere: so many zeros.
    Hole { length: u64 },
    /// In what a cluster holds, from this byte on.
    Packed { cluster: Cluster, from: usize },
}

/// Bytes that are compressed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cluster {
    /// Where they are on the disk, and how many they are there.
    pub(super) at: u64,
    pub(super) stored: usize,
    /// How many they are in truth.
    pub(super) size: usize,
    pub(super) algorithm: u8,
}

impl Image {
    pub(super) fn read(&self, at: u64, buffer: &mut [u8]) -> Result<(), Error> {
        let end = at.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.size) {
            return Err(damaged("something lies behind the end of the disk"));
        }
        let failed = |source| Error::Read {
            what: "the disk".to_owned(),
            source,
        };
        self.file.read_exact_at(buffer, at).map_err(failed)
    }

    /// Refuses a disk that was cut.
    pub(super) fn must_have(&self, blocks: u64, block: u64) -> Result<(), Error> {
        match blocks.checked_mul(block) {
            Some(bytes) if bytes <= self.size => Ok(()),
            _ => Err(damaged("it is shorter than its file system")),
        }
    }

    /// What a cluster holds. Zeros before the data are no part of it.
    pub(super) fn cluster(&self, cluster: Cluster) -> Result<Vec<u8>, Error> {
        let mut stored = vec![0; cluster.stored];
        self.read(cluster.at, &mut stored)?;
        let start = stored.iter().position(|byte| *byte != 0);
        let data = &stored[start.unwrap_or(stored.len())..];
        compression::decompress(cluster.algorithm, data, cluster.size)
            .ok_or_else(|| damaged("compressed data is not what it should be"))
    }

    pub(super) fn bytes<const N: usize>(&self, at: u64) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.read(at, &mut bytes)?;
        Ok(bytes)
    }
}

/// What is at byte `at` of a file of `size` bytes that lie together.
pub(super) fn contiguous(start: u64, size: u64, at: u64) -> Stretch {
    Stretch::Disk {
        at: start.saturating_add(at),
        length: size - at,
    }
}

/// The error for a disk that breaks its format.
pub(super) fn damaged(reason: &'static str) -> Error {
    Error::Damaged { reason }
}
