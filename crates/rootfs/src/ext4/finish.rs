//! Writes the metadata of a file system, from a tree whose file data is already on the disk.

use super::directory::{Directory, Entry};
use super::extents::ROOT;
use super::geometry::Geometry;
use super::groups::Places;
use super::hash::NameHash;
use super::image::Image;
use super::inode::{self, FLAG_EXTENTS, FLAG_INDEX, Inode};
use super::journal::{self, Journal};
use super::numbering::{Numbering, ROOT_INODE, SHORT_SYMLINK};
use super::xattr;
use crate::blocks::{BLOCK, BLOCK_U64, Finished, Identity, push};
use crate::bytes::{Record, low32};
use crate::checksum::Checksum;
use crate::error::Error;
use crate::tree::{Extent, Kind, Node, NodeId, Tree, encode_device};

/// Highest link count of a directory; a link count of 1 stands for more.
const LINKS_MAX: u64 = 65_000;
/// Size of the buffer of inode records in bytes: whole blocks.
const TABLE_BUFFER: usize = 64 * BLOCK;

impl Image {
    /// Writes everything but the data of files.
    pub(crate) fn finish(
        mut self,
        tree: &Tree,
        lost_and_found: NodeId,
        identity: &Identity,
    ) -> Result<Finished, Error> {
        let numbering = Numbering::new(tree, lost_and_found);
        let geometry = self.settle(&numbering, tree)?;
        let places = self.place_groups(&geometry)?;
        let seed = Checksum::EMPTY.update(&identity.uuid);
        let journal = self.write_journal(&geometry, seed)?;
        let mut writer = Inodes {
            image: &mut self,
            tree,
            numbering: &numbering,
            table: Vec::with_capacity(TABLE_BUFFER),
            geometry: &geometry,
            places: &places,
            seed,
            hash: NameHash::new(&identity.hash_seed),
            journal: journal.as_ref(),
            epoch: identity.epoch,
            directories: vec![0; places.len()],
            next: 1,
        };
        writer.write_all()?;
        let directories = writer.directories;
        let last = numbering.last();
        let free = self.write_groups(&geometry, &places, &directories, last, seed)?;
        self.write_superblock(&geometry, free, identity, journal.as_ref())?;
        self.disk.output.finish(geometry.blocks)?;
        Ok(Finished {
            blocks: geometry.blocks,
            used_blocks: geometry.blocks - free.blocks,
            inodes_used: numbering.nodes().len() as u64,
        })
    }

    /// Fixes the size of the disk, and clears all free blocks below the frontier.
    fn settle(&mut self, numbering: &Numbering, tree: &Tree) -> Result<Geometry, Error> {
        self.disk.clear_free()?;
        let auxiliary = numbering.auxiliary_blocks(tree);
        let inodes = numbering.last();
        // A quarter more inodes than needed, for whoever writes to the disk later.
        let spare = inodes + inodes / 4;
        let geometry = match self.disk.alloc.limit() {
            None => {
                let frontier = self.disk.alloc.frontier() + auxiliary;
                let mut more = 0;
                loop {
                    let used = self.disk.alloc.used() + auxiliary + more;
                    let geometry = Geometry::choose(used, frontier + more, spare);
                    let journal = self.journal_blocks(geometry.blocks);
                    if journal <= more {
                        break geometry;
                    }
                    more = journal;
                }
            }
            Some(blocks) => [spare, inodes]
                .into_iter()
                .filter_map(|inodes| Geometry::new(blocks, inodes))
                .find(|geometry| {
                    let metadata = auxiliary + geometry.metadata_blocks();
                    self.disk.alloc.used() + metadata + self.journal_blocks(blocks) <= blocks
                })
                .or_else(|| Geometry::new(blocks, inodes))
                .ok_or_else(|| {
                    // That number of files needs more groups than this size has.
                    self.disk
                        .full(inodes.div_ceil(super::geometry::GROUP) * super::geometry::GROUP)
                })?,
        };
        let unneeded = self
            .descriptor_blocks
            .checked_sub(geometry.descriptor_blocks());
        match unneeded {
            None => return Err(self.disk.full(geometry.metadata_blocks())),
            Some(0) => {}
            Some(count) => self
                .disk
                .alloc
                .free(1 + geometry.descriptor_blocks(), count),
        }
        self.disk.alloc.set_limit(geometry.blocks);
        if self.disk.alloc.used() + geometry.metadata_blocks() > geometry.blocks {
            return Err(self.disk.full(geometry.metadata_blocks() + auxiliary));
        }
        Ok(geometry)
    }
}

/// Writes inodes in the order of their numbers, and the blocks that they refer to.
struct Inodes<'a> {
    image: &'a mut Image,
    tree: &'a Tree,
    numbering: &'a Numbering,
    geometry: &'a Geometry,
    places: &'a [Places],
    /// The checksum with which all checksums of the file system start.
    seed: Checksum,
    hash: NameHash,
    journal: Option<&'a Journal>,
    epoch: u32,
    directories: Vec<u32>,
    /// Inode records of one group that are not written yet; they end before inode `next`.
    table: Vec<u8>,
    next: u64,
}

/// The content fields of an inode.
struct Content {
    size: u64,
    root: [u8; ROOT],
    flags: u32,
    blocks: u64,
}

impl Inodes<'_> {
    fn write_all(&mut self) -> Result<(), Error> {
        let numbering = self.numbering;
        for &id in numbering.nodes() {
            let number = u64::from(numbering.of(id));
            // Numbers 1 and 3 to 10 are reserved; all but the journal's stay empty.
            while self.next < number {
                let record = match self.journal {
                    Some(journal) if self.next == u64::from(journal::INODE) => {
                        journal.inode(self.epoch, self.seed)
                    }
                    _ => [0; inode::SIZE],
                };
                self.append(&record)?;
            }
            let record = self.inode(id, self.tree.node(id))?;
            self.append(&record)?;
        }
        self.flush()
    }

    fn append(&mut self, record: &[u8; inode::SIZE]) -> Result<(), Error> {
        self.table.extend_from_slice(record);
        self.next += 1;
        let group_ends = (self.next - 1).is_multiple_of(self.geometry.inodes_per_group);
        if group_ends || self.table.len() >= TABLE_BUFFER {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Writes the records before inode `next`. They never span two groups.
    fn flush(&mut self) -> Result<(), Error> {
        if self.table.is_empty() {
            return Ok(());
        }
        let first = self.next - 1 - (self.table.len() / inode::SIZE) as u64;
        let group = first / self.geometry.inodes_per_group;
        let index = first % self.geometry.inodes_per_group;
        let place = self.places[usize::try_from(group).unwrap_or(usize::MAX)];
        let block = place.inode_table + index * inode::SIZE as u64 / BLOCK_U64;
        self.table
            .resize(self.table.len().next_multiple_of(BLOCK), 0);
        self.image.disk.output.write_block(block, &self.table)?;
        self.table.clear();
        Ok(())
    }

    fn inode(&mut self, id: NodeId, node: &Node) -> Result<[u8; inode::SIZE], Error> {
        let seed = inode::seed(self.seed, self.numbering.of(id));
        let (xattrs, outside) = xattr::encode(&node.attributes);
        let mut xattr_block = 0;
        if let Some(mut block) = outside {
            xattr_block = allocate(self.image)?;
            xattr::seal(&mut block, xattr_block, self.seed);
            self.image.disk.output.write_block(xattr_block, &block)?;
        }
        let links = match self.tree.links(id) {
            count if count <= LINKS_MAX => low32(count),
            _ => 1,
        };
        let content = match &node.kind {
            Kind::Directory(_) => {
                let group = (u64::from(self.numbering.of(id)) - 1) / self.geometry.inodes_per_group;
                self.directories[usize::try_from(group).unwrap_or(usize::MAX)] += 1;
                self.directory(id, seed)?
            }
            Kind::File { size, extents } => self.extents(*size, extents, seed)?,
            Kind::SmallFile(content) => self.one_block(content, seed)?,
            Kind::Symlink(target) => self.symlink(target, seed)?,
            Kind::CharDevice { major, minor } | Kind::BlockDevice { major, minor } => {
                device(*major, *minor)
            }
            Kind::Fifo => Content::inline([0; ROOT], 0),
            Kind::Compressed { .. } => unreachable!("ext4 has no compression"),
        };
        let inode = Inode {
            format: node.kind.format(),
            attributes: &node.attributes,
            size: content.size,
            links,
            flags: content.flags,
            blocks: content.blocks + u64::from(xattr_block != 0),
            content: content.root,
            xattrs,
            xattr_block,
        };
        Ok(inode.encode(seed))
    }

    fn directory(&mut self, id: NodeId, seed: Checksum) -> Result<Content, Error> {
        let (tree, numbering) = (self.tree, self.numbering);
        let Some(directory) = tree.directory(id) else {
            return Ok(Content::inline([0; ROOT], 0));
        };
        let this = numbering.of(id);
        let parent = if this == ROOT_INODE {
            this
        } else {
            numbering.of(directory.parent)
        };
        let entries = directory.children.iter().map(|(name, link)| Entry {
            name,
            inode: numbering.of(link.node),
            kind: tree.node(link.node).kind.entry_type(),
        });
        let blocks = Directory {
            this,
            parent,
            entries: entries.collect(),
        };
        let (mut extents, mut count) = (Vec::new(), 0);
        let image = &mut *self.image;
        let indexed = blocks.write(&self.hash, seed, |block| {
            write_next(image, &mut extents, &mut count, block)
        })?;
        let mut content = self.extents(u64::from(count) * BLOCK_U64, &extents, seed)?;
        if indexed {
            content.flags |= FLAG_INDEX;
        }
        Ok(content)
    }

    fn symlink(&mut self, target: &[u8], seed: Checksum) -> Result<Content, Error> {
        if target.len() <= SHORT_SYMLINK {
            let mut root = [0; ROOT];
            root[..target.len()].copy_from_slice(target);
            return Ok(Content::inline(root, target.len() as u64));
        }
        self.one_block(target, seed)
    }

    fn one_block(&mut self, bytes: &[u8], seed: Checksum) -> Result<Content, Error> {
        let mut block = [0; BLOCK];
        block[..bytes.len()].copy_from_slice(bytes);
        let mut extents = Vec::new();
        write_next(self.image, &mut extents, &mut 0, &block)?;
        self.extents(bytes.len() as u64, &extents, seed)
    }

    fn extents(&mut self, size: u64, extents: &[Extent], seed: Checksum) -> Result<Content, Error> {
        let (root, nodes) = self.image.write_extents(extents, seed)?;
        let blocks = nodes + extents.iter().map(|e| u64::from(e.length)).sum::<u64>();
        Ok(Content {
            size,
            root,
            flags: FLAG_EXTENTS,
            blocks,
        })
    }
}

fn allocate(image: &mut Image) -> Result<u64, Error> {
    match image.disk.alloc.allocate(1) {
        Some((block, _)) => Ok(block),
        None => Err(image.disk.full(1)),
    }
}

/// Appends one block to a file that is being written.
fn write_next(
    image: &mut Image,
    extents: &mut Vec<Extent>,
    count: &mut u32,
    block: &[u8; BLOCK],
) -> Result<(), Error> {
    let physical = allocate(image)?;
    image.disk.output.write_block(physical, block)?;
    push(
        extents,
        Extent {
            logical: *count,
            length: 1,
            physical,
        },
    );
    *count += 1;
    Ok(())
}

impl Content {
    /// Content that is stored in the inode itself.
    fn inline(root: [u8; ROOT], size: u64) -> Self {
        Self {
            size,
            root,
            flags: 0,
            blocks: 0,
        }
    }
}

/// Device numbers that fit 8 + 8 bits are stored in the old form, in a word of their own.
fn device(major: u32, minor: u32) -> Content {
    let mut root = [0; ROOT];
    let mut record = Record(&mut root);
    if major < 256 && minor < 256 {
        record.u32(0, (major << 8) | minor);
    } else {
        record.u32(4, encode_device(major, minor));
    }
    Content::inline(root, 0)
}
