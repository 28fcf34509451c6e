//! From a tree whose files are already on the disk to a file system.

use super::directory::Packer;
use super::extents::ROOT;
use super::geometry::Geometry;
use super::groups::Places;
use super::inode::{self, FLAG_EXTENTS, Inode};
use super::numbering::{Numbering, ROOT_INODE, SHORT_SYMLINK, file_type};
use super::{BLOCK, BLOCK_U64, Finished, Identity, Image, data, xattr};
use crate::error::Error;
use crate::tree::{Extent, Kind, Node, NodeId, Tree};

/// Most subdirectories that a link count can express; 1 stands for more.
const LINKS_MAX: u64 = 65_000;
/// Bytes of inode records written at a time: whole blocks.
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
        let mut writer = Inodes {
            image: &mut self,
            tree,
            numbering: &numbering,
            table: Vec::with_capacity(TABLE_BUFFER),
            geometry: &geometry,
            places: &places,
            directories: vec![0; places.len()],
            next: 1,
        };
        writer.write_all()?;
        let directories = writer.directories;
        let last = numbering.last();
        let free = self.write_groups(&geometry, &places, &directories, last, &identity.uuid)?;
        self.write_superblock(&geometry, free, identity)?;
        self.output.finish(geometry.blocks)?;
        Ok(Finished {
            blocks: geometry.blocks,
            used_blocks: geometry.blocks - free.blocks,
            inodes_used: numbering.order.len() as u64,
        })
    }

    /// Fixes the size of the disk, and clears everything below the frontier that is free.
    fn settle(&mut self, numbering: &Numbering, tree: &Tree) -> Result<Geometry, Error> {
        let freed: Vec<_> = self.alloc.free_runs().collect();
        for (start, length) in freed {
            self.output.zero_blocks(start, length)?;
        }
        let auxiliary = numbering.auxiliary_blocks(tree);
        let inodes = numbering.last();
        let used = self.alloc.used() + auxiliary;
        // A quarter of the inodes to spare, for whoever writes to the disk later.
        let spare = inodes + inodes / 4;
        let geometry = match self.blocks {
            None => Geometry::choose(used, self.alloc.frontier() + auxiliary, spare),
            Some(blocks) => [spare, inodes]
                .into_iter()
                .filter_map(|inodes| Geometry::new(blocks, inodes))
                .find(|geometry| used + geometry.metadata_blocks() <= blocks)
                .or_else(|| Geometry::new(blocks, inodes))
                .ok_or_else(|| {
                    // So many files need more groups than this size has.
                    self.full(inodes.div_ceil(super::geometry::GROUP) * super::geometry::GROUP)
                })?,
        };
        let unneeded = self
            .descriptor_blocks
            .checked_sub(geometry.descriptor_blocks());
        match unneeded {
            None => return Err(self.full(geometry.metadata_blocks())),
            Some(0) => {}
            Some(count) => self.alloc.free(1 + geometry.descriptor_blocks(), count),
        }
        self.blocks = Some(geometry.blocks);
        self.alloc.set_limit(geometry.blocks);
        if self.alloc.used() + geometry.metadata_blocks() > geometry.blocks {
            return Err(self.full(geometry.metadata_blocks() + auxiliary));
        }
        Ok(geometry)
    }
}

/// Writes inodes in the order of their numbers, and the blocks that they lead to.
struct Inodes<'a> {
    image: &'a mut Image,
    tree: &'a Tree,
    numbering: &'a Numbering,
    geometry: &'a Geometry,
    places: &'a [Places],
    directories: Vec<u32>,
    /// Records of one group not written yet; they end before inode `next`.
    table: Vec<u8>,
    next: u64,
}

/// Where an inode's content is.
struct Content {
    size: u64,
    root: [u8; ROOT],
    flags: u32,
    blocks: u64,
}

impl Inodes<'_> {
    fn write_all(&mut self) -> Result<(), Error> {
        let numbering = self.numbering;
        for &id in &numbering.order {
            let number = u64::from(numbering.of(id));
            // Numbers 1 and 3 to 10 are reserved and empty.
            while self.next < number {
                self.append(&[0; inode::SIZE])?;
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
        self.image.output.write_block(block, &self.table)?;
        self.table.clear();
        Ok(())
    }

    fn inode(&mut self, id: NodeId, node: &Node) -> Result<[u8; inode::SIZE], Error> {
        let (xattrs, outside) = xattr::encode(&node.attributes);
        let mut xattr_block = 0;
        if let Some(block) = outside {
            xattr_block = self.allocate()?;
            self.image.output.write_block(xattr_block, &block)?;
        }
        let mut links = node.links;
        let (format, content) = match &node.kind {
            Kind::Directory(directory) => {
                let group = (u64::from(self.numbering.of(id)) - 1) / self.geometry.inodes_per_group;
                self.directories[usize::try_from(group).unwrap_or(usize::MAX)] += 1;
                let below = directory
                    .children
                    .values()
                    .filter(|l| self.is_directory(l.node));
                let count = 2 + below.count() as u64;
                links = u32::try_from(count)
                    .ok()
                    .filter(|_| count <= LINKS_MAX)
                    .unwrap_or(1);
                (0o040_000, self.directory(id)?)
            }
            Kind::File { size, extents } => (0o100_000, self.extents(*size, extents)?),
            Kind::Symlink(target) => (0o120_000, self.symlink(target)?),
            Kind::CharDevice { major, minor } => (0o020_000, device(*major, *minor)),
            Kind::BlockDevice { major, minor } => (0o060_000, device(*major, *minor)),
            Kind::Fifo => (0o010_000, Content::inline([0; ROOT], 0)),
        };
        let inode = Inode {
            format,
            attributes: &node.attributes,
            size: content.size,
            links,
            flags: content.flags,
            blocks: content.blocks + u64::from(xattr_block != 0),
            content: content.root,
            xattrs,
            xattr_block,
        };
        Ok(inode.encode())
    }

    fn is_directory(&self, id: NodeId) -> bool {
        self.tree.directory(id).is_some()
    }

    fn directory(&mut self, id: NodeId) -> Result<Content, Error> {
        let Some(directory) = self.tree.directory(id) else {
            return Ok(Content::inline([0; ROOT], 0));
        };
        let number = self.numbering.of(id);
        let parent = if number == ROOT_INODE {
            id
        } else {
            directory.parent
        };
        let mut packer = Packer::new(number, self.numbering.of(parent));
        let mut extents = Vec::new();
        let mut count = 0;
        for (name, link) in &directory.children {
            let kind = file_type(self.tree.node(link.node));
            if let Some(full) = packer.push(name, self.numbering.of(link.node), kind) {
                self.write_next(&mut extents, &mut count, &full)?;
            }
        }
        self.write_next(&mut extents, &mut count, &packer.close())?;
        self.extents(u64::from(count) * BLOCK_U64, &extents)
    }

    fn symlink(&mut self, target: &[u8]) -> Result<Content, Error> {
        if target.len() <= SHORT_SYMLINK {
            let mut root = [0; ROOT];
            root[..target.len()].copy_from_slice(target);
            return Ok(Content::inline(root, target.len() as u64));
        }
        let mut block = [0; BLOCK];
        block[..target.len()].copy_from_slice(target);
        let mut extents = Vec::new();
        self.write_next(&mut extents, &mut 0, &block)?;
        self.extents(target.len() as u64, &extents)
    }

    /// Appends one block to a file in the making.
    fn write_next(
        &mut self,
        extents: &mut Vec<Extent>,
        count: &mut u32,
        block: &[u8; BLOCK],
    ) -> Result<(), Error> {
        let physical = self.allocate()?;
        self.image.output.write_block(physical, block)?;
        data::push(
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

    fn extents(&mut self, size: u64, extents: &[Extent]) -> Result<Content, Error> {
        let (root, nodes) = self.image.write_extents(extents)?;
        let blocks = nodes + extents.iter().map(|e| u64::from(e.length)).sum::<u64>();
        Ok(Content {
            size,
            root,
            flags: FLAG_EXTENTS,
            blocks,
        })
    }

    fn allocate(&mut self) -> Result<u64, Error> {
        match self.image.alloc.allocate(1) {
            Some((block, _)) => Ok(block),
            None => Err(self.image.full(1)),
        }
    }
}

impl Content {
    /// Content that lies in the inode.
    fn inline(root: [u8; ROOT], size: u64) -> Self {
        Self {
            size,
            root,
            flags: 0,
            blocks: 0,
        }
    }
}

fn device(major: u32, minor: u32) -> Content {
    let root = inode::encode_device(major, minor).expect("numbers are checked when they are added");
    Content::inline(root, 0)
}
