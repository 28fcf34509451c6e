//! Writes ext4 file systems, after the Linux kernel's `Documentation/filesystems/ext4`.
//!
//! It needs one pass: the blocks of files are allocated and written as their data arrives, and
//! everything else follows once the tree is known. The layout of a disk, in blocks of 4 KiB:
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
//! `extra_isize` (256-byte inodes: nanoseconds, years to 2446), `metadata_csum` (CRC-32C over everything
//! but data; bitmaps and tables of unused groups need not be written), `dir_index` (hash trees),
//! `ext_attr`, and `has_journal` on request.

mod directory;
mod extents;
mod finish;
mod geometry;
mod groups;
mod hash;
mod image;
mod inode;
mod journal;
mod numbering;
mod superblock;
mod xattr;

pub(crate) use xattr::check as check_xattrs;

use std::fs::File;

use crate::blocks::{BLOCK_U64, Blocks, Finished, Identity, Layout};
use crate::error::Error;
use crate::options::Options;
use crate::tree::{NodeId, Tree};
use image::Image;

/// Starts a disk in an empty file: superblock and descriptors come first.
pub(crate) fn create(file: File, options: &Options) -> Result<Blocks, Error> {
    let size = options.size.map(|size| size / BLOCK_U64);
    let descriptors = geometry::descriptor_blocks(size, options.limits);
    Blocks::create(file, 1 + descriptors, size, Layout::Scattered)
}

/// Writes everything but the data of files.
pub(crate) fn finish(
    disk: Blocks,
    options: &Options,
    tree: &Tree,
    lost_and_found: NodeId,
    identity: &Identity,
) -> Result<Finished, Error> {
    let image = Image {
        descriptor_blocks: geometry::descriptor_blocks(disk.alloc.limit(), options.limits),
        disk,
        journal: options.journal,
    };
    image.finish(tree, lost_and_found, identity)
}
