//! A disk in the making: its file, which of its blocks are in use, and what is still on its way.
//!
//! How the data of files gets there is in `data`.

use std::fs::File;

use super::alloc::Allocator;
use super::compress::{Compressor, Packed};
use super::output::Output;
use super::unit::BLOCK_U64;
use crate::compression::Compression;
use crate::error::Error;
use crate::tree::Kind;

/// Most bytes of small files that are kept in memory.
pub(crate) const HELD_MAX: usize = 64 << 20;

/// How the data of a file may lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Anywhere: every block of zeros is a hole, and room that replaced files left is used again.
    Scattered,
    /// In one run but for holes, which are whole chunks of [`CHUNK`](super::CHUNK) bytes. Small files are
    /// kept in memory as long as there is room, to be placed behind their inodes.
    Runs,
}

/// Where the data of files goes, on every kind of disk.
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
    /// Compressed files that are not needed any more.
    unneeded: Vec<u32>,
}

impl Blocks {
    /// Starts on a file, which is emptied. The first `reserved` blocks are not handed out.
    pub(crate) fn create(
        file: File,
        reserved: u64,
        size: Option<u64>,
        layout: Layout,
    ) -> Result<Self, Error> {
        Self::create_among(file, reserved, 0, size, layout)
    }

    /// The same for a disk of which `elsewhere` blocks, behind the first one, are in other files.
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

    /// Compresses files from now on. Only [`Layout::Runs`] can.
    pub(crate) fn compress(&mut self, compression: Compression) {
        self.compressor = Some(Compressor::new(compression));
    }

    /// Gives the blocks of removed files back; those in other files stay as they are.
    pub(crate) fn free(&mut self, files: &[Kind]) {
        for file in files {
            match file {
                Kind::File { extents, .. } => {
                    for extent in extents.iter().filter(|e| e.physical >= self.first) {
                        self.alloc.free(extent.physical, u64::from(extent.length));
                    }
                }
                // It may be on its way yet.
                Kind::Compressed { file, .. } => self.unneeded.push(*file),
                _ => {}
            }
        }
    }

    /// Waits until all files are compressed, and returns where they are.
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

    /// Makes all that was given back read as zeros.
    pub(crate) fn clear_free(&mut self) -> Result<(), Error> {
        let free: Vec<_> = self.alloc.free_runs().collect();
        for (start, length) in free {
            self.output.zero_blocks(start, length)?;
        }
        Ok(())
    }

    /// The error for a disk without room for `more` blocks.
    pub(crate) fn full(&self, more: u64) -> Error {
        let needed = (self.alloc.used() + more) * BLOCK_U64;
        Error::DiskFull {
            needed,
            size: self.alloc.limit().unwrap_or(0) * BLOCK_U64,
        }
    }
}
