//! A writer of ext4 file systems, after the Linux kernel's `Documentation/filesystems/ext4`.
//!
//! One pass: the blocks of files are allocated and written as their data arrives, everything else
//! follows once the tree is known. The layout of a disk, in blocks of 4 KiB:
//!
//! ```text
//! 0            superblock, at byte 1024
//! 1..          group descriptors, 64 bytes each; room reserved here but not needed stays free
//! data         blocks of files, in the order of arrival, without gaps for group metadata
//! metadata     block bitmaps, inode bitmaps, inode tables, all groups in a row
//! auxiliary    directories, long symbolic links, attribute blocks, extent tree nodes
//! free         a hole in the file
//! ```
//!
//! Features: `extent`, `filetype`, `flex_bg` (metadata may lie anywhere), `64bit`, `sparse_super2`
//! without any backup (data stays contiguous), `large_file`, `huge_file`, `dir_nlink`,
//! `extra_isize` (256-byte inodes: nanoseconds, years to 2446), `uninit_bg` (bitmaps and tables of
//! unused groups need not be written), `ext_attr`. Not used in this version: a journal, `dir_index`
//! (directories are linear), `metadata_csum`.

mod alloc;
mod bytes;
mod data;
mod directory;
mod extents;
mod finish;
mod geometry;
mod groups;
mod inode;
mod numbering;
mod output;
mod superblock;
mod xattr;

pub(crate) use data::Source;
pub(crate) use xattr::normalise;

use std::fs::File;

use alloc::Allocator;
use output::Output;

use crate::error::Error;
use crate::options::Limits;
use crate::tree::Extent;

/// Block size; the only one this writer knows.
pub(crate) const BLOCK: usize = 4096;
const BLOCK_U64: u64 = BLOCK as u64;

/// Whether Linux can represent a device number.
pub(crate) fn device_fits(major: u32, minor: u32) -> bool {
    inode::encode_device(major, minor).is_some()
}

/// An ext4 file system in the making: where the data of files goes.
pub(crate) struct Image {
    output: Output,
    alloc: Allocator,
    /// Blocks set aside for group descriptors, after the superblock's.
    descriptor_blocks: u64,
    /// Blocks of the whole disk, if the caller has set that.
    blocks: Option<u64>,
    buffer: Vec<u8>,
}

/// What `finish` needs to know beside the tree.
pub(crate) struct Identity {
    pub(crate) uuid: [u8; 16],
    pub(crate) hash_seed: [u8; 16],
    pub(crate) label: Vec<u8>,
    pub(crate) epoch: u32,
}

/// What a finished disk amounts to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finished {
    pub(crate) blocks: u64,
    pub(crate) used_blocks: u64,
    pub(crate) inodes_used: u64,
}

impl Image {
    /// Starts on an empty file. `size` is in bytes.
    pub(crate) fn create(file: File, size: Option<u64>, limits: Limits) -> Result<Self, Error> {
        let output = Output::create(file)?;
        let blocks = size.map(|size| size / BLOCK_U64);
        let descriptor_blocks = geometry::descriptor_blocks(blocks, limits);
        let alloc = Allocator::new(1 + descriptor_blocks, blocks);
        Ok(Self {
            output,
            alloc,
            descriptor_blocks,
            blocks,
            buffer: Vec::new(),
        })
    }

    /// Gives the blocks of removed files back; later files may use them.
    pub(crate) fn free(&mut self, extents: &[Extent]) {
        for extent in extents {
            self.alloc.free(extent.physical, u64::from(extent.length));
        }
    }

    /// The error for a disk without room for `more` blocks.
    fn full(&self, more: u64) -> Error {
        let needed = (self.alloc.used() + more) * BLOCK_U64;
        Error::DiskFull {
            needed,
            size: self.blocks.unwrap_or(0) * BLOCK_U64,
        }
    }
}
