//! Writes the journal: a reserved inode, to whose blocks the kernel writes changes first.

use super::extents::ROOT;
use super::geometry::Geometry;
use super::image::Image;
use super::inode::{self, FLAG_EXTENTS, Inode, SIZE};
use crate::blocks::{BLOCK, BLOCK_U64};
use crate::bytes::{Record, low32};
use crate::checksum::Checksum;
use crate::error::Error;
use crate::tree::{Attributes, Extent};

/// Inode number reserved for the journal.
pub(super) const INODE: u32 = 8;

/// A disk of fewer blocks than this has no journal. In each pair of `SIZES`, a disk of fewer blocks
/// than the first number has a journal of the second number of blocks, as `mke2fs` chooses.
const NONE: u64 = 2048;
const SIZES: [(u64, u64); 7] = [
    (1 << 15, 1 << 10),
    (1 << 18, 1 << 12),
    (1 << 19, 1 << 13),
    (1 << 22, 1 << 14),
    (1 << 23, 1 << 15),
    (1 << 24, 1 << 16),
    (1 << 25, 1 << 17),
];
const LARGEST: u64 = 1 << 18;

/// A journal that has been written.
pub(super) struct Journal {
    pub(super) bytes: u64,
    pub(super) root: [u8; ROOT],
    /// Number of blocks, those of its extent tree included.
    blocks: u64,
}

impl Image {
    /// Number of blocks of the journal for a disk of `blocks` blocks.
    pub(super) fn journal_blocks(&self, blocks: u64) -> u64 {
        if !self.journal || blocks < NONE {
            return 0;
        }
        let fitting = SIZES.iter().find(|(below, _)| blocks < *below);
        fitting.map_or(LARGEST, |(_, size)| *size)
    }

    /// Writes an empty journal, if the options ask for one.
    pub(super) fn write_journal(
        &mut self,
        geometry: &Geometry,
        seed: Checksum,
    ) -> Result<Option<Journal>, Error> {
        let blocks = self.journal_blocks(geometry.blocks);
        if blocks == 0 {
            return Ok(None);
        }
        let physical = self.disk.alloc.allocate_contiguous(blocks);
        let physical = physical.ok_or_else(|| self.disk.full(blocks))?;
        let length = low32(blocks);
        let mut block = [0; BLOCK];
        // Big-endian, after "Journal (jbd2)" in the kernel's Documentation/filesystems/ext4.
        let fields = [
            (0x00, 0xc03b_3998),
            (0x04, 4), // superblock, version 2
            (0x0c, low32(BLOCK_U64)),
            (0x10, length),
            (0x14, 1), // first block of the log
            (0x18, 1), // first commit
            (0x40, 1), // file systems that use it
        ];
        for (at, value) in fields {
            Record(&mut block).bytes(at, &u32::to_be_bytes(value));
        }
        self.disk.output.write_block(physical, &block)?;
        let extent = Extent {
            logical: 0,
            length,
            physical,
        };
        let (root, nodes) = self.write_extents(&[extent], inode::seed(seed, INODE))?;
        Ok(Some(Journal {
            bytes: blocks * BLOCK_U64,
            root,
            blocks: blocks + nodes,
        }))
    }
}

impl Journal {
    /// The encoded inode of the journal.
    pub(super) fn inode(&self, epoch: u32, seed: Checksum) -> [u8; SIZE] {
        let mut attributes = Attributes::new(0o600);
        attributes.mtime.seconds = epoch.into();
        let inode = Inode {
            format: 0o100_000,
            attributes: &attributes,
            size: self.bytes,
            links: 1,
            flags: FLAG_EXTENTS,
            blocks: self.blocks,
            content: self.root,
            xattrs: [0; _],
            xattr_block: 0,
        };
        inode.encode(inode::seed(seed, INODE))
    }
}
