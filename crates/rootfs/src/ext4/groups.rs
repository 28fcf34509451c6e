//! Places and writes the bitmaps and descriptors of the block groups.

use super::geometry::{DESCRIPTOR, GROUP, Geometry, RESERVED_INODES};
use super::image::Image;
use crate::blocks::{BLOCK, BLOCK_U64};
use crate::bytes::{Record, low16, low32};
use crate::checksum::Checksum;
use crate::error::Error;

const INODE_UNINIT: u16 = 1;
const BLOCK_UNINIT: u16 = 2;
/// Group flag: the unused part of the inode table is zero, so the kernel need not clear it.
const INODE_ZEROED: u16 = 4;

/// The blocks of one group's metadata.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    pub(super) block_bitmap: u64,
    pub(super) inode_bitmap: u64,
    pub(super) inode_table: u64,
}

/// Totals of free blocks and inodes, for the superblock.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Free {
    pub(super) blocks: u64,
    pub(super) inodes: u64,
}

impl Image {
    /// Allocates the bitmaps and tables of every group.
    pub(super) fn place_groups(&mut self, geometry: &Geometry) -> Result<Vec<Places>, Error> {
        let (groups, table) = (geometry.groups, geometry.table_blocks());
        if let Some(start) = self
            .disk
            .alloc
            .allocate_contiguous(geometry.metadata_blocks())
        {
            return Ok((0..groups)
                .map(|group| Places {
                    block_bitmap: start + group,
                    inode_bitmap: start + groups + group,
                    inode_table: start + 2 * groups + group * table,
                })
                .collect());
        }
        // The disk is full: use the gaps that replaced files have left.
        let missing = geometry.metadata_blocks();
        let mut places = Vec::new();
        for _ in 0..groups {
            let mut take = |count| {
                self.disk
                    .alloc
                    .allocate_contiguous(count)
                    .ok_or_else(|| self.disk.full(missing))
            };
            places.push(Places {
                block_bitmap: take(1)?,
                inode_bitmap: take(1)?,
                inode_table: take(table)?,
            });
        }
        Ok(places)
    }

    /// Writes bitmaps and descriptors; nothing may be allocated afterwards.
    ///
    /// `last_inode` is the highest number in use; inodes are numbered without gaps.
    pub(super) fn write_groups(
        &mut self,
        geometry: &Geometry,
        places: &[Places],
        directories: &[u32],
        last_inode: u64,
        seed: Checksum,
    ) -> Result<Free, Error> {
        let mut descriptors = vec![0; places.len() * DESCRIPTOR];
        let mut free = Free::default();
        let runs: Vec<(u64, u64)> = self
            .disk
            .alloc
            .free_runs()
            .chain([(
                self.disk.alloc.frontier(),
                geometry.blocks - self.disk.alloc.frontier(),
            )])
            .collect();
        let mut next_run = 0;
        let numbers = (0u32..)
            .zip(places)
            .zip(descriptors.chunks_exact_mut(DESCRIPTOR));
        for ((number, places), descriptor) in numbers {
            let group = u64::from(number);
            let (first, end) = (group * GROUP, ((group + 1) * GROUP).min(geometry.blocks));
            let mut bitmap = vec![0xff; BLOCK];
            let mut free_blocks = 0;
            while let Some(&(start, length)) = runs.get(next_run) {
                let (from, to) = (start.max(first), (start + length).min(end));
                if from < to {
                    clear_bits(&mut bitmap, from - first, to - first);
                    free_blocks += to - from;
                }
                if start + length > end {
                    break;
                }
                next_run += 1;
            }
            let mut flags = INODE_ZEROED;
            let (mut block_checksum, mut inode_checksum) = (0, 0);
            let last_group = group + 1 == geometry.groups;
            if free_blocks == GROUP && !last_group {
                flags |= BLOCK_UNINIT;
            } else {
                block_checksum = seed.update(&bitmap).value();
                self.disk.output.write_block(places.block_bitmap, &bitmap)?;
            }
            let per_group = geometry.inodes_per_group;
            let used_inodes = last_inode.saturating_sub(group * per_group).min(per_group);
            if used_inodes == 0 {
                flags |= INODE_UNINIT;
            } else {
                let mut bitmap = vec![0xff; BLOCK];
                clear_bits(&mut bitmap, used_inodes, per_group);
                let bytes = low32(per_group / 8) as usize;
                inode_checksum = seed.update(&bitmap[..bytes]).value();
                self.disk.output.write_block(places.inode_bitmap, &bitmap)?;
            }
            let unused_inodes = low32(per_group - used_inodes);
            free.blocks += free_blocks;
            free.inodes += u64::from(unused_inodes);
            let mut record = Record(descriptor);
            record.split_u32(0x00, 0x20, places.block_bitmap);
            record.split_u32(0x04, 0x24, places.inode_bitmap);
            record.split_u32(0x08, 0x28, places.inode_table);
            record.split_u16(0x0c, 0x2c, low32(free_blocks));
            record.split_u16(0x0e, 0x2e, unused_inodes);
            let directories = directories.get(number as usize).copied().unwrap_or(0);
            record.split_u16(0x10, 0x30, directories);
            record.u16(0x12, flags);
            record.split_u16(0x18, 0x38, block_checksum);
            record.split_u16(0x1a, 0x3a, inode_checksum);
            record.split_u16(0x1c, 0x32, unused_inodes);
            let checksum = checksum(seed, number, descriptor);
            Record(descriptor).u16(CHECKSUM_AT, checksum);
        }
        self.disk.output.write_at(BLOCK_U64, &descriptors)?;
        debug_assert!(
            last_inode > RESERVED_INODES,
            "the root and lost+found always exist"
        );
        Ok(free)
    }
}

const CHECKSUM_AT: usize = 0x1e;

/// The checksum of a group: its number, and its descriptor without this field.
fn checksum(seed: Checksum, group: u32, descriptor: &[u8]) -> u16 {
    let checksum = seed
        .update(&group.to_le_bytes())
        .update(&descriptor[..CHECKSUM_AT])
        .update(&[0; 2])
        .update(&descriptor[CHECKSUM_AT + 2..]);
    low16(checksum.value())
}

/// Clears bits `from..to`, whole bytes at a time where possible.
fn clear_bits(bitmap: &mut [u8], from: u64, to: u64) {
    let (mut at, to) = (low32(from) as usize, low32(to) as usize);
    while at < to {
        if at.is_multiple_of(8) && to - at >= 8 {
            let bytes = (to - at) / 8;
            bitmap[at / 8..at / 8 + bytes].fill(0);
            at += bytes * 8;
        } else {
            bitmap[at / 8] &= !(1 << (at % 8));
            at += 1;
        }
    }
}
