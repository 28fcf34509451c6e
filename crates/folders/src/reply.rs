//! The answer to a request.

use lazaret_protocol::{FOLDER_HEAD_BYTES, FolderHead};
use rustix::io::Errno;

use crate::abi::OUT_HEADER;
use crate::attributes::Attributes;

/// Length of what comes before the content.
const START: usize = FOLDER_HEAD_BYTES + OUT_HEADER;

/// For how many seconds the guest may take names and attributes for unchanged.
const VALID_SECONDS: u64 = 1;
/// Length of an entry of a list with attributes, without its name.
pub(crate) const ENTRY: usize = 128;
/// Length of an entry of a list, without its name.
pub(crate) const LISTED: usize = 24;

/// A reply that is being written; its header comes last.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    bytes: Vec<u8>,
}

impl Reply {
    /// Begins another one.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.resize(START, 0);
    }

    /// Ends it: a failure has no content. Returns it with what says which folder it is of.
    pub(crate) fn finish(&mut self, number: u32, unique: u64, failure: Option<Errno>) -> &[u8] {
        if failure.is_some() {
            self.clear();
        }
        let error = failure.map_or(0, |error| -error.raw_os_error());
        let length = self.bytes.len().saturating_sub(FOLDER_HEAD_BYTES);
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        if let Some(start) = self.bytes.first_chunk_mut::<START>() {
            let (head, header) = start.split_at_mut(FOLDER_HEAD_BYTES);
            head.copy_from_slice(&FolderHead { number, length }.encode());
            header[..4].copy_from_slice(&length.to_ne_bytes());
            header[4..8].copy_from_slice(&error.to_ne_bytes());
            header[8..].copy_from_slice(&unique.to_ne_bytes());
        }
        &self.bytes
    }

    /// Length of the content so far.
    pub(crate) fn content(&self) -> usize {
        self.bytes.len().saturating_sub(START)
    }

    pub(crate) fn u16(&mut self, number: u16) {
        self.bytes.extend(number.to_ne_bytes());
    }

    pub(crate) fn u32(&mut self, number: u32) {
        self.bytes.extend(number.to_ne_bytes());
    }

    pub(crate) fn u64(&mut self, number: u64) {
        self.bytes.extend(number.to_ne_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// Has `fill` write to the next `size` bytes; it says how many it wrote.
    pub(crate) fn fill(
        &mut self,
        size: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<usize, Errno>,
    ) -> Result<(), Errno> {
        let start = self.bytes.len();
        self.bytes.resize(start + size, 0);
        let filled = fill(self.bytes.get_mut(start..).unwrap_or_default())?;
        self.bytes.truncate(start + filled);
        Ok(())
    }

    /// `struct fuse_attr_out`.
    pub(crate) fn attributes(&mut self, attributes: &Attributes) {
        self.u64(VALID_SECONDS);
        self.u64(0);
        self.attr(attributes);
    }

    /// `struct fuse_entry_out`; node 0 is a name that does not exist.
    pub(crate) fn entry(&mut self, node: u64, attributes: &Attributes) {
        self.u64(node);
        self.u64(0);
        self.u64(VALID_SECONDS);
        self.u64(VALID_SECONDS);
        self.u64(0);
        self.attr(attributes);
    }

    /// `struct fuse_open_out`.
    pub(crate) fn opened(&mut self, handle: u64, flags: u32) {
        self.u64(handle);
        self.u32(flags);
        self.u32(0);
    }

    /// `struct fuse_dirent`; `next` is the offset of what follows.
    pub(crate) fn listed(&mut self, inode: u64, next: u64, kind: u32, name: &[u8]) {
        self.u64(inode);
        self.u64(next);
        self.u32(u32::try_from(name.len()).unwrap_or_default());
        self.u32(kind);
        self.bytes(name);
        let padding = name.len().next_multiple_of(8) - name.len();
        self.bytes(&[0; 8][..padding]);
    }

    /// `struct fuse_attr`.
    fn attr(&mut self, attributes: &Attributes) {
        let Attributes {
            inode,
            size,
            blocks,
            times,
            mode,
            links,
            uid,
            gid,
            block_size,
        } = *attributes;
        self.u64(inode);
        self.u64(size);
        self.u64(blocks);
        for (seconds, _) in times {
            self.u64(seconds.cast_unsigned());
        }
        for (_, nanoseconds) in times {
            self.u32(nanoseconds);
        }
        self.u32(mode);
        self.u32(links);
        self.u32(uid);
        self.u32(gid);
        // No device is ever shown as one.
        self.u32(0);
        self.u32(block_size);
        self.u32(0);
    }
}
