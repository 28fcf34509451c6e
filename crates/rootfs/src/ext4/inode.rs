//! Encodes inode records of 256 bytes.

#[cfg(test)]
mod tests;

use super::extents::ROOT;
use crate::bytes::{Record, low16, low32};
use crate::checksum::Checksum;
use crate::tree::{Attributes, Timestamp};

/// Size of an inode in bytes.
pub(super) const SIZE: usize = 256;
/// Inode flag: the directory has an index of name hashes.
pub(super) const FLAG_INDEX: u32 = 0x1000;
/// Inode flag: the inode holds an extent tree.
pub(super) const FLAG_EXTENTS: u32 = 0x8_0000;
/// Size in bytes of the fixed fields in the second half.
const EXTRA: usize = 32;
/// Offset in bytes of the attributes that are stored in the inode.
pub(super) const XATTRS_AT: usize = 128 + EXTRA;

/// The checksum with which all checksums of an inode start. Generations are 0.
pub(super) fn seed(file_system: Checksum, number: u32) -> Checksum {
    file_system.update(&number.to_le_bytes()).update(&[0; 4])
}

/// The fields of an inode.
#[derive(Debug)]
pub(super) struct Inode<'a> {
    /// The file type bits of `st_mode`.
    pub(super) format: u16,
    pub(super) attributes: &'a Attributes,
    pub(super) size: u64,
    pub(super) links: u32,
    pub(super) flags: u32,
    /// Number of blocks of 4 KiB, those of extent nodes and attributes included.
    pub(super) blocks: u64,
    /// Extent tree, short symbolic link or device number.
    pub(super) content: [u8; ROOT],
    /// Attributes that are stored in the inode, from [`XATTRS_AT`] on.
    pub(super) xattrs: [u8; SIZE - XATTRS_AT],
    /// Number of the block with further attributes, or 0.
    pub(super) xattr_block: u64,
}

impl Inode<'_> {
    /// `seed` is the checksum with which all checksums of the inode start.
    pub(super) fn encode(&self, seed: Checksum) -> [u8; SIZE] {
        let mut bytes = [0; SIZE];
        let mut inode = Record(&mut bytes);
        let attributes = self.attributes;
        inode.u16(0x00, self.format | (attributes.mode & 0o7777));
        inode.split_u16(0x02, 0x78, attributes.uid);
        inode.split_u16(0x18, 0x7a, attributes.gid);
        inode.split_u32(0x04, 0x6c, self.size);
        inode.u16(0x1a, u16::try_from(self.links).unwrap_or(1));
        let sectors = self.blocks * 8;
        inode.u32(0x1c, low32(sectors));
        inode.u16(0x74, low16(low32(sectors >> 32)));
        inode.u32(0x20, self.flags);
        inode.bytes(0x28, &self.content);
        inode.u32(0x68, low32(self.xattr_block));
        inode.u16(0x76, low16(low32(self.xattr_block >> 32)));
        inode.u16(0x80, 32);
        let (seconds, extra) = encode_time(attributes.mtime);
        for at in [0x08, 0x0c, 0x10, 0x90] {
            inode.u32(at, seconds);
        }
        for at in [0x84, 0x88, 0x8c, 0x94] {
            inode.u32(at, extra);
        }
        inode.bytes(XATTRS_AT, &self.xattrs);
        let checksum = seed.update(&bytes).value();
        Record(&mut bytes).split_u16(0x7c, 0x82, checksum);
        bytes
    }
}

/// The seconds in 32 bits, and the extra field: two more bits of seconds, and the nanoseconds.
fn encode_time(time: Timestamp) -> (u32, u32) {
    const FIRST: i64 = -(1 << 31);
    const LAST: i64 = (1 << 34) - (1 << 31) - 1;
    let seconds = time.seconds.clamp(FIRST, LAST);
    let nanos = if seconds == time.seconds {
        time.nanos.min(999_999_999)
    } else {
        0
    };
    let low = low32(seconds.cast_unsigned());
    let epoch = (seconds - i64::from(low.cast_signed())) >> 32;
    (low, (nanos << 2) | (low32(epoch.cast_unsigned()) & 3))
}
