//! Reads ext4, after the kernel's `Documentation/filesystems/ext4`.

use super::fields::Fields;
use super::format::{Format, Name, Xattrs};
use super::image::{Image, Stretch, contiguous, damaged};
use super::stat::{Data, ObjectKind, Stat};
use crate::error::Error;
use crate::tree::{Attributes, Timestamp};
use crate::xattr::{acl_from_disk, name_of};

const MAGIC: u16 = 0xef53;
const ROOT: u64 = 2;
/// Features that the reader supports or may ignore: types in entries, extents, 64 bit, multi-mount
/// protection, flexible groups, checksum seeds, large directories.
const INCOMPAT: u32 = 0x2 | 0x40 | 0x80 | 0x100 | 0x200 | 0x2000 | 0x4000;
const INCOMPAT_64BIT: u32 = 0x80;
/// Set while the file system is mounted: the journal may have what the rest of the disk lacks.
const INCOMPAT_RECOVER: u32 = 0x4;
/// The bit of the state that a file system without a journal has only while it is not mounted.
const STATE_CLOSED: u16 = 1;
const FLAG_EXTENTS: u32 = 0x8_0000;
const XATTR_MAGIC: u32 = 0xea02_0000;
const EXTENT_MAGIC: u16 = 0xf30a;
/// Greatest depth of an extent tree that Linux makes.
const DEPTH_MAX: u16 = 5;
/// Most blocks of an initialised extent. A greater length is this much too high, and marks an
/// uninitialised extent.
const INITIALISED_MAX: u16 = 1 << 15;

pub(super) struct Ext4 {
    image: Image,
    is_closed: bool,
    block: u64,
    inode_size: u64,
    inodes: u64,
    inodes_per_group: u64,
    descriptors: u64,
    descriptor_size: u64,
}

pub(super) fn is(superblock: &[u8]) -> bool {
    Fields(superblock)
        .u16(0x38)
        .is_ok_and(|magic| magic == MAGIC)
}

impl Ext4 {
    pub(super) fn open(image: Image, superblock: &[u8]) -> Result<Self, Error> {
        let fields = Fields(superblock);
        let incompat = fields.u32(0x60)?;
        if incompat & INCOMPAT_RECOVER != 0 {
            return Err(Error::Unclosed);
        }
        if incompat & !INCOMPAT != 0 {
            return Err(damaged("this ext4 has features that are not known"));
        }
        let bits = fields.u32(0x18)?;
        let inode_size = u64::from(fields.u16(0x58)?);
        let inodes_per_group = u64::from(fields.u32(0x28)?);
        if bits > 6 || !(128..=4096).contains(&inode_size) || inodes_per_group == 0 {
            return Err(damaged("the superblock has numbers that cannot be"));
        }
        let block = 1024 << bits;
        let descriptor_size = if incompat & INCOMPAT_64BIT == 0 {
            32
        } else {
            u64::from(fields.u16(0xfe)?)
        };
        if !(32..=1024).contains(&descriptor_size) {
            return Err(damaged("the superblock has numbers that cannot be"));
        }
        let blocks = if incompat & INCOMPAT_64BIT == 0 {
            fields.u32(0x4)?.into()
        } else {
            fields.split_u32(0x4, 0x150)?
        };
        image.must_have(blocks, block)?;
        Ok(Self {
            image,
            is_closed: fields.u16(0x3a)? & STATE_CLOSED != 0,
            block,
            inode_size,
            inodes: fields.u32(0)?.into(),
            inodes_per_group,
            descriptors: (u64::from(fields.u32(0x14)?) + 1) * block,
            descriptor_size,
        })
    }

    /// Offset of an inode on the disk, in bytes.
    fn place(&self, number: u64) -> Result<u64, Error> {
        if number == 0 || number > self.inodes {
            return Err(damaged("an inode has a number that none can have"));
        }
        let (group, index) = (
            (number - 1) / self.inodes_per_group,
            (number - 1) % self.inodes_per_group,
        );
        let at = self.descriptors + group * self.descriptor_size;
        let descriptor: [u8; 64] = if self.descriptor_size >= 64 {
            self.image.bytes(at)?
        } else {
            let mut whole = [0; 64];
            whole[..32].copy_from_slice(&self.image.bytes::<32>(at)?);
            whole
        };
        let table = Fields(&descriptor).split_u32(0x8, 0x28)?;
        table
            .checked_mul(self.block)
            .and_then(|at| at.checked_add(index * self.inode_size))
            .ok_or_else(|| damaged("a table of inodes lies behind the end of the disk"))
    }

    fn xattrs(&self, inode: &[u8]) -> Result<Xattrs, Error> {
        let fields = Fields(inode);
        let mut found = Vec::new();
        if inode.len() > 128 + 4 {
            let area = 128 + usize::from(fields.u16(0x80)?);
            let area = Fields(inode.get(area..).unwrap_or_default());
            if area.u32(0).is_ok_and(|magic| magic == XATTR_MAGIC) {
                entries(Fields(&area.0[4..]), 0, &mut found)?;
            }
        }
        let block = u64::from(fields.u32(0x68)?) | u64::from(fields.u16(0x76)?) << 32;
        if block > 0 {
            let mut bytes = vec![0; usize::try_from(self.block).unwrap_or(0)];
            let at = block.checked_mul(self.block);
            self.image.read(at.unwrap_or(u64::MAX), &mut bytes)?;
            if Fields(&bytes).u32(0)? != XATTR_MAGIC {
                return Err(damaged("a block of extended attributes is none"));
            }
            entries(Fields(&bytes), 32, &mut found)?;
        }
        Ok(found)
    }

    /// Looks a block up in a node of an extent tree; blocks from `end` on belong to other nodes.
    fn find(&self, node: Fields<'_>, block: u64, end: u64, depth: u16) -> Result<Found, Error> {
        if node.u16(0)? != EXTENT_MAGIC || node.u16(6)? != depth {
            return Err(damaged("a tree of extents is none"));
        }
        let count = usize::from(node.u16(2)?);
        let first = |index: usize| Ok::<_, Error>(u64::from(node.u32(12 + index * 12)?));
        // Find the last entry that does not begin after the block.
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = usize::midpoint(low, high);
            if first(middle)? <= block {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let end = if low < count {
            first(low)?.min(end)
        } else {
            end
        };
        let Some(index) = low.checked_sub(1) else {
            return Ok(Found { start: None, end });
        };
        let at = 12 + index * 12;
        if depth > 0 {
            let child = u64::from(node.u32(at + 4)?) | u64::from(node.u16(at + 8)?) << 32;
            let mut bytes = vec![0; usize::try_from(self.block).unwrap_or(0)];
            let place = child.checked_mul(self.block);
            self.image.read(place.unwrap_or(u64::MAX), &mut bytes)?;
            return self.find(Fields(&bytes), block, end, depth - 1);
        }
        let length = node.u16(at + 4)?;
        let (length, is_hole) = match length.checked_sub(INITIALISED_MAX) {
            None | Some(0) => (length, false),
            Some(rest) => (rest, true),
        };
        let start = u64::from(node.u32(at + 8)?) | u64::from(node.u16(at + 6)?) << 32;
        let from = first(index)?;
        let extent_end = from + u64::from(length);
        if block >= extent_end {
            return Ok(Found { start: None, end });
        }
        Ok(Found {
            start: (!is_hole).then_some(start + (block - from)),
            end: extent_end.min(end),
        })
    }
}

/// The place on the disk of a block of a file, and the block of the file at which that run ends.
struct Found {
    start: Option<u64>,
    end: u64,
}

impl Format for Ext4 {
    fn image(&self) -> &Image {
        &self.image
    }

    fn root(&self) -> u64 {
        ROOT
    }

    fn is_closed(&self) -> bool {
        self.is_closed
    }

    fn block_size(&self) -> u64 {
        self.block
    }

    fn stat(&self, number: u64) -> Result<Stat, Error> {
        let place = self.place(number)?;
        let mut inode = vec![0; usize::try_from(self.inode_size).unwrap_or(0)];
        self.image.read(place, &mut inode)?;
        let fields = Fields(&inode);
        let mode = fields.u16(0)?;
        let block: [u8; 60] = fields
            .bytes(0x28, 60)?
            .try_into()
            .map_err(|_| damaged("a record is cut short"))?;
        let old_device = Fields(&block).u32(0)?;
        let device = if old_device == 0 {
            Fields(&block).u32(4)?
        } else {
            old_device
        };
        let kind = ObjectKind::of(mode, device)?;
        let size = fields.split_u32(4, 0x6c)?;
        let has_extents = fields.u32(0x20)? & FLAG_EXTENTS != 0;
        let data = match kind {
            ObjectKind::File | ObjectKind::Directory | ObjectKind::Symlink if has_extents => {
                Data::Extents(block)
            }
            ObjectKind::Symlink if size < 60 => Data::At(place + 0x28),
            ObjectKind::File | ObjectKind::Directory | ObjectKind::Symlink if size > 0 => {
                return Err(damaged("a file is mapped block by block, as on ext3"));
            }
            _ => Data::None,
        };
        let has_extra = inode.len() >= 0x8c && fields.u16(0x80)? >= 12;
        let extra = if has_extra { fields.u32(0x88)? } else { 0 };
        let seconds = fields.u32(0x10)?.cast_signed();
        Ok(Stat {
            kind,
            attributes: Attributes {
                mode: mode & 0o7777,
                uid: fields.split_u16(2, 0x78)?,
                gid: fields.split_u16(0x18, 0x7a)?,
                mtime: Timestamp {
                    seconds: i64::from(seconds) + (i64::from(extra & 3) << 32),
                    nanos: extra >> 2,
                },
                xattrs: self.xattrs(&inode)?,
            },
            size: match kind {
                ObjectKind::File | ObjectKind::Directory | ObjectKind::Symlink => size,
                _ => 0,
            },
            links: fields.u16(0x1a)?.into(),
            inode: number,
            data,
        })
    }

    fn map(&self, stat: &Stat, at: u64) -> Result<Stretch, Error> {
        let root = match &stat.data {
            Data::Extents(root) => root,
            Data::At(start) => return Ok(contiguous(*start, stat.size, at)),
            _ => return Err(damaged("a file has no content where it should")),
        };
        let (block, offset) = (at / self.block, at % self.block);
        let end = stat.size.div_ceil(self.block);
        let node = Fields(root);
        let depth = node.u16(6)?;
        if depth > DEPTH_MAX {
            return Err(damaged("a tree of extents is too deep"));
        }
        let found = self.find(node, block, end, depth)?;
        let length = found.end.saturating_sub(block).saturating_mul(self.block);
        let length = length.saturating_sub(offset);
        Ok(match found.start {
            None => Stretch::Hole { length },
            Some(start) => Stretch::Disk {
                at: start.saturating_mul(self.block).saturating_add(offset),
                length,
            },
        })
    }

    fn names<'a>(&self, block: &'a [u8]) -> Result<Vec<Name<'a>>, Error> {
        let mut names = Vec::new();
        let mut at = 0;
        while at < block.len() {
            let entry = Fields(&block[at..]);
            let length = usize::from(entry.u16(4)?);
            if length < 8 || !length.is_multiple_of(4) || length > block.len() - at {
                return Err(damaged(
                    "an entry of a directory has a length that cannot be",
                ));
            }
            let inode = u64::from(entry.u32(0)?);
            let name = entry.bytes(8, entry.u8(6)?.into())?;
            // Free space, index nodes and the checksum look like entries without an inode.
            if inode != 0 && name != b"." && name != b".." {
                names.push((name, inode));
            }
            at += length;
        }
        Ok(names)
    }
}

/// Reads attributes from offset `at` on; value offsets are relative to the start of the area.
fn entries(area: Fields<'_>, mut at: usize, found: &mut Xattrs) -> Result<(), Error> {
    while area.u32(at).unwrap_or(0) != 0 {
        let length = usize::from(area.u8(at)?);
        let index = area.u8(at + 1)?;
        let suffix = area.bytes(at + 16, length)?;
        let size = area.u32(at + 8)?;
        let value = match usize::try_from(size).unwrap_or(usize::MAX) {
            0 => &[],
            size => area.bytes(area.u16(at + 2)?.into(), size)?,
        };
        if let Some(name) = name_of(index, suffix) {
            let value = acl_from_disk(&name, value);
            let value = value.ok_or_else(|| damaged("an access control list is none"))?;
            found.push((name, value));
        }
        at += 16 + length.next_multiple_of(4);
    }
    Ok(())
}
