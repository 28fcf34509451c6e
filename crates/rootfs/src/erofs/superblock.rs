//! Encodes the superblock.

use super::compressed;
use crate::blocks::{BLOCK, Identity};
use crate::bytes::{Record, low16, low32};
use crate::checksum::Checksum;
use crate::compression::Compression;

const OFFSET: usize = 1024;
const MAGIC: u32 = 0xe0f5_e1e2;
/// Its size in bytes; the configurations of compressions follow.
const SIZE: usize = 128;
const CHECKSUM_AT: usize = 4;
const COMPAT: u32 = 0x1 // checksum
    | 0x2; // times are of the last change of content
const CHUNKED_FILE: u32 = 0x4;
/// Feature flags of compressed data: zero padding in front; configurations, and clusters of several
/// blocks.
const COMPRESSED: u32 = 0x1 | 0x2;

pub(super) struct Superblock<'a> {
    pub(super) root: u64,
    pub(super) inodes: u64,
    pub(super) blocks: u32,
    pub(super) inodes_at: u32,
    pub(super) attributes_at: u32,
    pub(super) is_chunked: bool,
    /// The compression, if any file is compressed.
    pub(super) compression: Option<Compression>,
    pub(super) identity: &'a Identity,
}

impl Superblock<'_> {
    /// The first block of the disk, with the superblock in it.
    pub(super) fn encode(&self) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        let identity = self.identity;
        let mut record = Record(&mut block[OFFSET..]);
        record.u32(0, MAGIC);
        record.u32(8, COMPAT);
        record.u8(12, 12); // block size 1 << 12
        record.u16(14, low16(low32(self.root)));
        record.split_u32(16, 20, self.inodes);
        record.u32(24, identity.epoch); // creation
        record.u32(36, self.blocks);
        record.u32(40, self.inodes_at);
        record.u32(44, self.attributes_at);
        record.bytes(48, &identity.uuid);
        record.bytes(64, &identity.label[..identity.label.len().min(16)]);
        let mut features = if self.is_chunked { CHUNKED_FILE } else { 0 };
        if let Some(compression) = self.compression {
            features |= COMPRESSED;
            record.u16(84, 1 << compression.number());
            let configuration = compressed::configuration(compression);
            record.u16(SIZE, low16(low32(configuration.len() as u64)));
            record.bytes(SIZE + 2, &configuration);
        }
        record.u32(80, features);
        let checksum = Checksum::EMPTY.update(&block[OFFSET..]);
        Record(&mut block[OFFSET..]).u32(CHECKSUM_AT, checksum.value());
        block
    }
}
