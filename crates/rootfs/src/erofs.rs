//! Writes EROFS file systems, after the Linux kernel's `fs/erofs/erofs_fs.h`.
//!
//! It needs one pass, as for ext4: the blocks of files are written as their data arrives, and
//! everything else follows. The layout of a disk, in blocks of 4 KiB:
//!
//! ```text
//! 0            superblock, at byte 1024
//! 1..          data of files, in the order of arrival
//! directories  all but the last block of each; small files that do not fit after their inodes
//! attributes   extended attributes that several files share
//! inodes       each followed by its own attributes and a small file, a link or the end of a directory
//! ```
//!
//! Data is uncompressed by default, so that Linux 5.4 can mount the disk. There are two exceptions:
//! files with holes of 1 MiB are chunk-based (Linux 5.15), and with a compression, the files that
//! shrink are compressed (5.13 for LZ4, 6.10 for Zstandard). Inodes have the extended form:
//! nanoseconds, 32-bit owners and link counts.

mod compressed;
mod directory;
mod inode;
mod layout;
mod place;
mod room;
mod superblock;
mod xattr;

pub(crate) use xattr::check as check_xattrs;

use std::fs::File;

use crate::blocks::{BLOCK, BLOCK_U64, Blocks, Finished, Identity, Layout as DataLayout, Packed};
use crate::bytes::low32;
use crate::compression::Compression;
use crate::error::Error;
use crate::tree::{Kind, NodeId, Tree};
use inode::Inode;
use layout::Layout;
use place::{Data, Place};
use room::{address, allocate};
use superblock::Superblock;

/// Starts a disk in an empty file. The superblock comes first; the `elsewhere` blocks after it are
/// in other files.
pub(crate) fn create(
    file: File,
    elsewhere: u64,
    compression: Option<Compression>,
) -> Result<Blocks, Error> {
    let mut blocks = Blocks::create_among(file, 1, elsewhere, None, DataLayout::Runs)?;
    if let Some(compression) = compression {
        blocks.compress(compression);
    }
    Ok(blocks)
}

/// Writes everything but the data of files.
pub(crate) fn finish(
    mut disk: Blocks,
    tree: &Tree,
    compression: Option<Compression>,
    identity: &Identity,
) -> Result<Finished, Error> {
    let packed = disk.packed()?;
    disk.clear_free()?;
    let layout = Layout::new(&mut disk, tree, &packed)?;
    let attributes = allocate(&mut disk, layout.shared.bytes().len() as u64)?;
    let inodes = allocate(&mut disk, layout.end)?;
    let mut writer = Writer {
        start: u64::from(inodes) * BLOCK_U64,
        disk,
        tree,
        layout: &layout,
        packed: &packed,
        algorithm: compression.map_or(0, Compression::number),
        written: 0,
    };
    writer
        .disk
        .output
        .write_at(u64::from(attributes) * BLOCK_U64, layout.shared.bytes())?;
    for (&id, place) in layout.order.nodes.iter().zip(&layout.places) {
        writer.node(id, place)?;
    }
    let mut disk = writer.disk;
    let blocks = disk.alloc.frontier();
    let superblock = Superblock {
        root: layout.nid(Tree::ROOT),
        inodes: layout.order.nodes.len() as u64,
        blocks: address(&disk, blocks)?,
        inodes_at: inodes,
        attributes_at: attributes,
        is_chunked: layout.is_chunked,
        compression: compression.filter(|_| layout.is_compressed),
        identity,
    };
    disk.output.write_at(0, &superblock.encode())?;
    let used_blocks = disk.alloc.used();
    disk.output.finish(blocks)?;
    Ok(Finished {
        blocks,
        used_blocks,
        inodes_used: layout.order.nodes.len() as u64,
    })
}

/// Writes the inodes, and the data that follows each, in the order of their places.
struct Writer<'a> {
    disk: Blocks,
    tree: &'a Tree,
    layout: &'a Layout<'a>,
    packed: &'a [Packed],
    /// Number of the compression algorithm.
    algorithm: u8,
    /// Offset of the first inode in bytes.
    start: u64,
    /// Bytes of inodes written so far.
    written: u64,
}

impl Writer<'_> {
    fn node(&mut self, id: NodeId, place: &Place) -> Result<(), Error> {
        let node = self.tree.node(id);
        let gap = usize::try_from(place.offset - self.written).unwrap_or(0);
        self.append(&[0; BLOCK][..gap])?;
        let inode = Inode {
            node,
            place,
            number: self.layout.number(id),
            links: low32(self.tree.links(id)),
        };
        self.append(&inode.encode())?;
        let attributes = self.layout.shared.body(&node.attributes);
        self.append(&attributes)?;
        match &node.kind {
            Kind::Directory(_) => self.directory(id, place),
            Kind::Symlink(bytes) | Kind::SmallFile(bytes) if place.inline > 0 => self.append(bytes),
            Kind::Symlink(bytes) | Kind::SmallFile(bytes) => {
                self.disk.output.write_block(place.block.into(), bytes)
            }
            Kind::File { size, extents } if place.data == Data::Chunked => {
                self.append(&inode::chunk_map(*size, extents))
            }
            Kind::Compressed { size, file } if place.data == Data::Compressed => {
                let before = inode::SIZE + attributes.len();
                let file = &self.packed[*file as usize];
                self.append(&compressed::map(before, self.algorithm, *size, file))
            }
            _ => Ok(()),
        }
    }

    fn directory(&mut self, id: NodeId, place: &Place) -> Result<(), Error> {
        let layout = self.layout;
        let entries = layout.entries(self.tree, id);
        let mut block = u64::from(place.block);
        let mut tail = Vec::new();
        directory::pack(entries, |bytes, is_last| {
            if is_last && place.inline > 0 {
                tail = bytes.to_vec();
                return Ok(());
            }
            self.disk.output.write_block(block, bytes)?;
            block += 1;
            Ok(())
        })?;
        self.append(&tail)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let at = self.start + self.written;
        self.written += bytes.len() as u64;
        self.disk.output.write_at(at, bytes)
    }
}
