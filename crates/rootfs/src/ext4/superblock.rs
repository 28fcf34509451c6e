//! Writes the superblock.

use super::geometry::{DESCRIPTOR, GROUP, Geometry, RESERVED_INODES};
use super::groups::Free;
use super::image::Image;
use super::journal::{self, Journal};
use super::{hash, inode};
use crate::blocks::Identity;
use crate::bytes::{Record, low16, low32};
use crate::checksum::Checksum;
use crate::error::Error;

const OFFSET: u64 = 1024;
const SIZE: usize = 1024;

const COMPAT: u32 = 0x8 // ext_attr
    | 0x20 // dir_index
    | 0x200; // sparse_super2
const HAS_JOURNAL: u32 = 0x4;
const INCOMPAT: u32 = 0x2 // filetype
    | 0x40 // extents
    | 0x80 // 64bit
    | 0x200; // flex_bg
const RO_COMPAT: u32 = 0x2 // large_file
    | 0x8 // huge_file
    | 0x20 // dir_nlink
    | 0x40 // extra_isize
    | 0x400; // metadata_csum
const CHECKSUM_AT: usize = 0x3fc;

impl Image {
    /// Writes the superblock; this must come last, as without it the file is not a file system.
    pub(super) fn write_superblock(
        &mut self,
        geometry: &Geometry,
        free: Free,
        identity: &Identity,
        journal: Option<&Journal>,
    ) -> Result<(), Error> {
        let mut bytes = [0; SIZE];
        let mut record = Record(&mut bytes);
        record.u32(0x00, low32(geometry.inodes()));
        record.split_u32(0x04, 0x150, geometry.blocks);
        record.split_u32(0x0c, 0x158, free.blocks);
        record.u32(0x10, low32(free.inodes));
        record.u32(0x18, 2); // block size 1024 << 2
        record.u32(0x1c, 2); // cluster size, the same
        record.u32(0x20, low32(GROUP));
        record.u32(0x24, low32(GROUP));
        record.u32(0x28, low32(geometry.inodes_per_group));
        record.u32(0x30, identity.epoch); // last write
        record.u16(0x36, 0xffff); // no check after a number of mounts
        record.u16(0x38, 0xef53);
        record.u16(0x3a, 1); // clean
        record.u16(0x3c, 1); // continue after errors
        record.u32(0x40, identity.epoch); // last check
        record.u32(0x4c, 1); // dynamic inode sizes
        record.u32(0x54, low32(RESERVED_INODES + 1));
        record.u16(0x58, low16(low32(inode::SIZE as u64)));
        record.u32(0x5c, COMPAT | journal.map_or(0, |_| HAS_JOURNAL));
        record.u32(0x60, INCOMPAT);
        record.u32(0x64, RO_COMPAT);
        record.bytes(0x68, &identity.uuid);
        record.bytes(0x78, &identity.label[..identity.label.len().min(16)]);
        record.bytes(0xec, &identity.hash_seed);
        record.u8(0xfc, hash::HALF_MD4);
        record.u16(0xfe, low16(low32(DESCRIPTOR as u64)));
        record.u32(0x100, 0x4 | 0x8); // mount with user attributes and ACLs
        record.u32(0x108, identity.epoch); // creation
        record.u16(0x15c, 32); // least extra inode bytes
        record.u16(0x15e, 32);
        record.u32(0x160, 1); // signed directory hash
        record.u8(0x174, 4); // 16 groups in a flex group
        record.u8(0x175, 1); // CRC-32C
        if let Some(journal) = journal {
            record.u32(0xe0, journal::INODE);
            // A backup of the journal's place, with which e2fsck repairs its inode.
            record.u8(0xfd, 1);
            record.bytes(0x10c, &journal.root);
            record.split_u32(0x14c, 0x148, journal.bytes);
        }
        let checksum = Checksum::EMPTY.update(&bytes[..CHECKSUM_AT]);
        Record(&mut bytes).u32(CHECKSUM_AT, checksum.value());
        self.disk.output.write_at(OFFSET, &bytes)
    }
}
