//! Reads the bytes of a disk, and describes places on it.

use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};

use crate::compression;
use crate::error::Error;

/// A part of a disk: a range of a file.
#[derive(Debug)]
pub struct DiskRange {
    /// The file.
    pub file: File,
    /// First byte of the range in the file.
    pub offset: u64,
    /// Length in bytes.
    pub length: u64,
}

/// The bytes of a disk.
pub(super) struct Image {
    /// The ranges, each with its first byte on the disk.
    ranges: Vec<(u64, DiskRange)>,
    /// Size in bytes.
    pub(super) size: u64,
    /// Bytes that the files take on the host.
    pub(super) allocated: u64,
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
    /// The disk that consists of these ranges, one after the other.
    pub(super) fn new(parts: Vec<DiskRange>) -> Result<Self, Error> {
        let (mut size, mut allocated) = (0_u64, 0_u64);
        let mut ranges = Vec::with_capacity(parts.len());
        for part in parts {
            let blocks = part.file.metadata().map_err(failed)?.blocks();
            allocated = allocated.saturating_add(blocks.saturating_mul(512));
            let start = size;
            size = size
                .checked_add(part.length)
                .ok_or_else(|| damaged("its parts are longer than a disk can be"))?;
            ranges.push((start, part));
        }
        Ok(Self {
            ranges,
            size,
            allocated,
        })
    }

    pub(super) fn read(&self, mut at: u64, mut buffer: &mut [u8]) -> Result<(), Error> {
        let end = at.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.size) {
            return Err(damaged("something lies behind the end of the disk"));
        }
        // The last range that begins there or before is the one with the byte: those that are empty
        // begin where the next one does.
        let mut index = self.ranges.partition_point(|(start, _)| *start <= at);
        index = index.saturating_sub(1);
        while !buffer.is_empty() {
            let Some((start, range)) = self.ranges.get(index) else {
                return Err(damaged("something lies behind the end of the disk"));
            };
            let from = at - start;
            let length = (range.length - from).min(buffer.len() as u64);
            let (now, rest) = buffer.split_at_mut(usize::try_from(length).unwrap_or(0));
            let place = range.offset.saturating_add(from);
            range.file.read_exact_at(now, place).map_err(failed)?;
            at += length;
            buffer = rest;
            index += 1;
        }
        Ok(())
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

fn failed(source: std::io::Error) -> Error {
    Error::Read {
        what: "the disk".to_owned(),
        source,
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
pub(crate) fn damaged(reason: &'static str) -> Error {
    Error::Damaged { reason }
}
