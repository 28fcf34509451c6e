//! Computes the size of a disk and the layout of its block groups.

use super::inode;
use crate::blocks::BLOCK_U64;
use crate::options::Limits;

/// Number of blocks in a group: one bit each in one block of bitmap.
pub(super) const GROUP: u64 = 8 * BLOCK_U64;
/// Size of a group descriptor in bytes.
pub(super) const DESCRIPTOR: usize = 64;
/// Number of inodes before the first one for files: the reserved numbers, the root included.
pub(super) const RESERVED_INODES: u64 = 10;

const INODES_PER_BLOCK: u64 = BLOCK_U64 / inode::SIZE as u64;
const INODES_PER_GROUP_MAX: u64 = GROUP;
/// Number of blocks for each inode (16 KiB), as mke2fs chooses.
const BLOCKS_PER_INODE: u64 = 4;
/// Most inodes by that rule: 2 GiB of tables are enough for scratch space.
const SPARE_INODES_MAX: u64 = 8 << 20;
/// Smallest disk, in blocks, when the caller gives no size: 1 GiB.
const DEFAULT_MIN: u64 = 1 << 18;

/// The dimensions of one disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Geometry {
    pub(super) blocks: u64,
    pub(super) groups: u64,
    pub(super) inodes_per_group: u64,
}

impl Geometry {
    /// The geometry for `blocks` blocks and `inodes` inodes; `None` if the groups cannot hold as
    /// many.
    pub(super) fn new(blocks: u64, inodes: u64) -> Option<Self> {
        let groups = blocks.div_ceil(GROUP);
        if groups == 0 {
            return None;
        }
        let wanted = inodes.max((blocks / BLOCKS_PER_INODE).min(SPARE_INODES_MAX));
        let inodes_per_group = wanted.div_ceil(groups).next_multiple_of(INODES_PER_BLOCK);
        let fits = inodes_per_group <= INODES_PER_GROUP_MAX
            && u32::try_from(groups * inodes_per_group).is_ok();
        fits.then_some(Self {
            blocks,
            groups,
            inodes_per_group,
        })
    }

    /// Chooses the size for content of `used` blocks that reaches to block `frontier`: a quarter
    /// more, and room for the metadata.
    pub(super) fn choose(used: u64, frontier: u64, inodes: u64) -> Self {
        let mut blocks = DEFAULT_MIN.max(used + used / 4);
        loop {
            let Some(geometry) = Self::new(blocks, inodes) else {
                blocks += GROUP;
                continue;
            };
            let used = used + geometry.metadata_blocks();
            let wanted = (used + used / 4).max(frontier + geometry.metadata_blocks());
            if wanted <= blocks {
                return geometry;
            }
            blocks = wanted;
        }
    }

    /// Number of blocks of one group's inode table.
    pub(super) fn table_blocks(&self) -> u64 {
        self.inodes_per_group / INODES_PER_BLOCK
    }

    /// Number of blocks of all bitmaps and inode tables.
    pub(super) fn metadata_blocks(&self) -> u64 {
        self.groups * (2 + self.table_blocks())
    }

    /// Number of blocks of the group descriptors.
    pub(super) fn descriptor_blocks(&self) -> u64 {
        (self.groups * DESCRIPTOR as u64).div_ceil(BLOCK_U64)
    }

    pub(super) fn inodes(&self) -> u64 {
        self.groups * self.inodes_per_group
    }
}

/// Number of blocks to reserve for descriptors before the content is known: enough for the given
/// size, or else for 512 GiB and twice the content that the limits allow.
pub(super) fn descriptor_blocks(blocks: Option<u64>, limits: Limits) -> u64 {
    const MAX: u64 = 1 << 14;
    let groups = match blocks {
        Some(blocks) => blocks.div_ceil(GROUP),
        None => (limits.bytes / BLOCK_U64 / GROUP * 2)
            .saturating_add(limits.entries.min(u32::MAX.into()) / INODES_PER_GROUP_MAX * 2)
            .max(4096),
    };
    groups
        .saturating_mul(DESCRIPTOR as u64)
        .div_ceil(BLOCK_U64)
        .clamp(1, MAX)
}
