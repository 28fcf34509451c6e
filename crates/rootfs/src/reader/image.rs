//! Reads the bytes of a disk, and describes places on it.

use std::fs::File;
use std::os::unix::fs::FileExt;

use crate::compression;
use crate::error::Error;

/// The bytes of a disk.
pub(super) struct Image {
    pub(super) file: File,
    /// Size in bytes.
    pub(super) size: u64,
}

/// The place of a file's bytes from some offset on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stretch {
    /// On the disk, from byte `at` on, for `length` bytes.
    Disk { at: u64, length: u64 },
    /// A hole: `length` bytes of zeros.
    Hole { length: u64 },
    /// In the content of a cluster, from byte `from` on.
    Packed { cluster: Cluster, from: usize },
}

/// Bytes of a file that are compressed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cluster {
    /// Offset and length on the disk, in bytes.
    pub(super) at: u64,
    pub(super) stored: usize,
    /// Length after decompression, in bytes.
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

    /// Refuses a disk that is shorter than `blocks` blocks of `block` bytes.
    pub(super) fn must_have(&self, blocks: u64, block: u64) -> Result<(), Error> {
        match blocks.checked_mul(block) {
            Some(bytes) if bytes <= self.size => Ok(()),
            _ => Err(damaged("it is shorter than its file system")),
        }
    }

    /// The decompressed content of a cluster, without the zeros before the compressed data.
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

/// The stretch at byte `at` of a file of `size` contiguous bytes.
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
