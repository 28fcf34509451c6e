//! The UUID and hash seed of a disk, derived from its content.

use crate::sha256::Sha256;

use crate::blocks::Identity;
use crate::compression::Compression;
use crate::options::{FileSystem, Options};
use crate::tree::Attributes;

/// A digest over everything that was added to a disk, in order.
pub(crate) struct Fingerprint(Sha256);

impl Fingerprint {
    pub(super) fn new(options: &Options) -> Self {
        let mut this = Self(Sha256::new());
        this.field(match (options.file_system, options.compression) {
            (FileSystem::Ext4, _) => b"lazaret ext4 3",
            (FileSystem::Erofs, None) => b"lazaret erofs 2",
            (FileSystem::Erofs, Some(Compression::Lz4)) => b"lazaret erofs 2 lz4",
            (FileSystem::Erofs, Some(Compression::Zstd { .. })) => b"lazaret erofs 2 zstd",
        });
        this.field(&options.seed);
        this
    }

    pub(crate) fn layer(&mut self, prefix: &[u8], diff_id: &[u8; 32]) {
        self.field(b"layer");
        self.field(prefix);
        self.field(diff_id);
    }

    pub(super) fn object(&mut self, kind: &str, path: &[u8], attributes: &Attributes, more: &[u8]) {
        self.field(kind.as_bytes());
        self.field(path);
        self.field(&attributes.mode.to_le_bytes());
        self.field(&attributes.uid.to_le_bytes());
        self.field(&attributes.gid.to_le_bytes());
        self.field(&attributes.mtime.seconds.to_le_bytes());
        self.field(&attributes.mtime.nanos.to_le_bytes());
        self.field(&(attributes.xattrs.len() as u64).to_le_bytes());
        for (name, value) in &attributes.xattrs {
            self.field(name);
            self.field(value);
        }
        self.field(more);
    }

    /// Adds part of a file's data; `end_of_data` then adds its length.
    pub(super) fn data(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    pub(super) fn end_of_data(&mut self, length: u64) {
        self.0.update(length.to_le_bytes());
    }

    /// The file system's identity: a version 8 UUID (RFC 9562) and a hash seed.
    pub(super) fn identity(&self, label: &[u8], epoch: u32) -> Identity {
        let digest: [u8; 32] = self.0.clone().finalize();
        let (mut uuid, mut hash_seed) = ([0; 16], [0; 16]);
        uuid.copy_from_slice(&digest[..16]);
        hash_seed.copy_from_slice(&digest[16..]);
        uuid[6] = (uuid[6] & 0x0f) | 0x80;
        uuid[8] = (uuid[8] & 0x3f) | 0x80;
        Identity {
            uuid,
            hash_seed,
            label: label.to_vec(),
            epoch,
        }
    }

    fn field(&mut self, value: &[u8]) {
        self.0.update((value.len() as u64).to_le_bytes());
        self.0.update(value);
    }
}
