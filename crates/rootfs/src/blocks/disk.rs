//! A disk image while it is written: its file, its allocator, and the files that are not yet
//! placed.
//!
//! `data` writes the data of files to it.

use std::fs::File;

use super::alloc::Allocator;
use super::compress::{Compressor, Packed};
use super::output::Output;
use super::unit::BLOCK_U64;
use crate::compression::Compression;
use crate::error::Error;
use crate::tree::Kind;

/// Most bytes of small files that are kept in memory for one disk.
pub(crate) const HELD_MAX: usize = 64 << 20;

/// The ways in which the data of a file may be laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Anywhere: every block of zeros is a hole, and room that replaced files leave is used again.
    Scattered,
    /// In one run, except for holes, which are whole chunks of [`CHUNK`](super::CHUNK) bytes. Small
    /// files stay in memory while there is room for them, and are later placed after their inodes.
    Runs,
}

/// The data blocks of a disk, of either file system.
pub(crate) struct Blocks {
    pub(crate) output: Output,
    pub(crate) alloc: Allocator,
    pub(super) layout: Layout,
    /// The first block that is not reserved.
    first: u64,
    /// Bytes of small files that may still be kept in memory.
    pub(super) room: usize,
    pub(super) buffer: Vec<u8>,
    pub(super) compressor: Option<Compressor>,
    /// Compressed files that were removed from the tree.
    unneeded: Vec<u32>,
}

impl Blocks {
    /// Starts a disk in a file, which is emptied. The first `reserved` blocks are never allocated.
    pub(crate) fn create(
        file: File,
        reserved: u64,
        size: Option<u64>,
        layout: Layout,
    ) -> Result<Self, Error> {
        Self::create_among(file, reserved, 0, size, layout)
    }

    /// As `create`, for a disk of which the `elsewhere` blocks after the first are in other files.
    pub(crate) fn create_among(
        file: File,
        reserved: u64,
        elsewhere: u64,
        size: Option<u64>,
        layout: Layout,
    ) -> Result<Self, Error> {
        let reserved = reserved + elsewhere;
        Ok(Self {
            first: reserved,
            output: Output::create(file, elsewhere)?,
            alloc: Allocator::new(reserved, size, layout == Layout::Scattered),
            layout,
            room: match layout {
                Layout::Scattered => 0,
                Layout::Runs => HELD_MAX,
            },
            buffer: Vec::new(),
            compressor: None,
            unneeded: Vec::new(),
        })
    }

    /// Compresses all files from now on; only [`Layout::Runs`] supports this.
    pub(crate) fn compress(&mut self, compression: Compression) {
        self.compressor = Some(Compressor::new(compression));
    }

    /// Frees the blocks of removed files; blocks in other files stay as they are.
    pub(crate) fn free(&mut self, files: &[Kind]) {
        for file in files {
            match file {
                Kind::File { extents, .. } => {
                    for extent in extents.iter().filter(|e| e.physical >= self.first) {
                        self.alloc.free(extent.physical, u64::from(extent.length));
                    }
                }
                // It may still be in the compressor.
                Kind::Compressed { file, .. } => self.unneeded.push(*file),
                _ => {}
            }
        }
    }

    /// Waits until all files are compressed, and returns their places.
    pub(crate) fn packed(&mut self) -> Result<Vec<Packed>, Error> {
        while self.place_packed()? {}
        let files = self.compressor.take().map(|compressor| compressor.files);
        let files = files.unwrap_or_default();
        for file in std::mem::take(&mut self.unneeded) {
            let file = &files[file as usize];
            self.alloc.free(file.start, file.total());
        }
        Ok(files)
    }

    /// Makes all freed blocks read as zeros.
    pub(crate) fn clear_free(&mut self) -> Result<(), Error> {
        let free: Vec<_> = self.alloc.free_runs().collect();
        for (start, length) in free {
            self.output.zero_blocks(start, length)?;
        }
        Ok(())
    }

    /// The error for a disk that has no room for `more` blocks.
    pub(crate) fn full(&self, more: u64) -> Error {
        let needed = (self.alloc.used() + more) * BLOCK_U64;
        Error::DiskFull {
            needed,
            size: self.alloc.limit().unwrap_or(0) * BLOCK_U64,
        }
    }
}
