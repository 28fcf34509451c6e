//! Reads EROFS, plain or with the compression that this crate writes, after the kernel's
//! `fs/erofs/erofs_fs.h`.

use super::clusters;
use super::fields::Fields;
use super::format::{Format, Name, Xattrs};
use super::image::{Image, Stretch, contiguous, damaged};
use super::stat::{Data, ObjectKind, Stat};
use crate::error::Error;
use crate::tree::{Attributes, Timestamp};
use crate::xattr::name_of;

const MAGIC: u32 = 0xe0f5_e1e2;
/// Supported features: zero padding before compressed data, clusters of several blocks, chunk-based
/// files.
const INCOMPAT: u32 = 0x1 | 0x2 | 0x4;
const SLOT: u64 = 32;
const CHUNK_BITS: u32 = 0x1f;
const CHUNK_INDEXES: u32 = 0x20;
const HOLE: u32 = u32::MAX;
const DIRENT: usize = 12;
const XATTR_HEADER: usize = 12;

pub(super) struct Erofs {
    image: Image,
    block_bits: u32,
    root: u64,
    inodes: u64,
    shared: u64,
    /// Time of the inodes that record none.
    time: Timestamp,
}

pub(super) fn is(superblock: &[u8]) -> bool {
    Fields(superblock).u32(0).is_ok_and(|magic| magic == MAGIC)
}

impl Erofs {
    pub(super) fn open(image: Image, superblock: &[u8]) -> Result<Self, Error> {
        let fields = Fields(superblock);
        if fields.u32(80)? & !INCOMPAT != 0 {
            return Err(damaged("this EROFS has features that are not known"));
        }
        let block_bits = u32::from(fields.u8(12)?);
        if !(9..=16).contains(&block_bits) {
            return Err(damaged("the superblock has numbers that cannot be"));
        }
        image.must_have(fields.u32(36)?.into(), 1 << block_bits)?;
        Ok(Self {
            image,
            block_bits,
            root: fields.u16(14)?.into(),
            inodes: u64::from(fields.u32(40)?) << block_bits,
            shared: u64::from(fields.u32(44)?) << block_bits,
            time: Timestamp {
                seconds: fields.u64(24)?.cast_signed(),
                nanos: fields.u32(32)?,
            },
        })
    }

    fn xattrs(&self, at: u64, bytes: u64) -> Result<Xattrs, Error> {
        let mut area = vec![0; usize::try_from(bytes).unwrap_or(0)];
        self.image.read(at, &mut area)?;
        let area = Fields(&area);
        let mut found = Vec::new();
        let shared = usize::from(area.u8(4)?);
        for index in 0..shared {
            let id = u64::from(area.u32(XATTR_HEADER + index * 4)?);
            let at = self.shared + id * 4;
            let header: [u8; 4] = self.image.bytes(at)?;
            let mut entry = vec![0; entry_size(&header)];
            self.image.read(at, &mut entry)?;
            push(&entry, &mut found)?;
        }
        let mut at = XATTR_HEADER + shared * 4;
        while at + 4 <= area.0.len() {
            let header = Fields(area.bytes(at, 4)?);
            if header.u32(0)? == 0 {
                break;
            }
            let size = entry_size(header.0);
            push(area.bytes(at, size)?, &mut found)?;
            at += size.next_multiple_of(4);
        }
        Ok(found)
    }
}

/// Size in bytes of an attribute that begins with these four bytes.
fn entry_size(header: &[u8]) -> usize {
    let fields = Fields(header);
    let (name, value) = (fields.u8(0).unwrap_or(0), fields.u16(2).unwrap_or(0));
    4 + usize::from(name) + usize::from(value)
}

fn push(entry: &[u8], found: &mut Xattrs) -> Result<(), Error> {
    let fields = Fields(entry);
    let length = usize::from(fields.u8(0)?);
    let suffix = fields.bytes(4, length)?;
    if let Some(name) = name_of(fields.u8(1)?, suffix) {
        found.push((name, entry[4 + length..].to_vec()));
    }
    Ok(())
}

/// The fields of an inode, of the compact or extended form.
struct Inode {
    size: u64,
    uid: u32,
    gid: u32,
    links: u32,
    mtime: Timestamp,
    bytes: u64,
}

impl Inode {
    fn of(fields: Fields<'_>, is_long: bool, time: Timestamp) -> Result<Self, Error> {
        Ok(if is_long {
            Self {
                size: fields.u64(8)?,
                uid: fields.u32(24)?,
                gid: fields.u32(28)?,
                links: fields.u32(44)?,
                mtime: Timestamp {
                    seconds: fields.u64(32)?.cast_signed(),
                    nanos: fields.u32(40)?,
                },
                bytes: 64,
            }
        } else {
            Self {
                size: fields.u32(8)?.into(),
                uid: fields.u16(24)?.into(),
                gid: fields.u16(26)?.into(),
                links: fields.u16(6)?.into(),
                mtime: time,
                bytes: 32,
            }
        })
    }
}

impl Format for Erofs {
    fn image(&self) -> &Image {
        &self.image
    }

    fn root(&self) -> u64 {
        self.root
    }

    fn block_size(&self) -> u64 {
        1 << self.block_bits
    }

    fn stat(&self, number: u64) -> Result<Stat, Error> {
        let out_of_range = || damaged("an inode lies behind the end of the disk");
        let place = number
            .checked_mul(SLOT)
            .and_then(|at| at.checked_add(self.inodes))
            .ok_or_else(out_of_range)?;
        // A compact inode may be the last thing on the disk.
        let format = Fields(&self.image.bytes::<2>(place)?).u16(0)?;
        let is_long = format & 1 != 0;
        let mut bytes = [0; 64];
        let length = if is_long { 64 } else { 32 };
        self.image.read(place, &mut bytes[..length])?;
        let fields = Fields(&bytes);
        let inode = Inode::of(fields, is_long, self.time)?;
        let mode = fields.u16(4)?;
        let start = fields.u32(16)?;
        let kind = ObjectKind::of(mode, start)?;
        let xattr_bytes = match fields.u16(2)? {
            0 => 0,
            count => XATTR_HEADER as u64 + (u64::from(count) - 1) * 4,
        };
        let behind = place + inode.bytes + xattr_bytes;
        let block = self.block_size();
        let at = u64::from(start) << self.block_bits;
        let has_data = matches!(
            kind,
            ObjectKind::File | ObjectKind::Directory | ObjectKind::Symlink
        );
        let data = match (format >> 1) & 7 {
            _ if !has_data || inode.size == 0 => Data::None,
            0 => Data::At(at),
            2 => Data::Tail(at, behind),
            4 => {
                let entry = if start & CHUNK_INDEXES == 0 { 4 } else { 8 };
                let bits = self.block_bits + (start & CHUNK_BITS);
                Data::Chunks {
                    map: behind.next_multiple_of(entry),
                    bits,
                    entry,
                }
            }
            1 => clusters::open(&self.image, behind, self.block_bits)?,
            _ => return Err(damaged("a file is compressed in a form that is not known")),
        };
        if matches!(data, Data::Tail(..)) && inode.size % block == 0 {
            return Err(damaged("a file ends behind its inode with nothing"));
        }
        Ok(Stat {
            kind,
            attributes: Attributes {
                mode: mode & 0o7777,
                uid: inode.uid,
                gid: inode.gid,
                mtime: inode.mtime,
                xattrs: match xattr_bytes {
                    0 => Vec::new(),
                    bytes => self.xattrs(place + inode.bytes, bytes)?,
                },
            },
            size: if has_data { inode.size } else { 0 },
            links: inode.links,
            inode: number,
            data,
        })
    }

    fn map(&self, stat: &Stat, at: u64) -> Result<Stretch, Error> {
        match stat.data {
            Data::At(start) => Ok(contiguous(start, stat.size, at)),
            Data::Tail(start, tail) => {
                let whole = stat.size >> self.block_bits << self.block_bits;
                Ok(match at.checked_sub(whole) {
                    None => contiguous(start, whole, at),
                    Some(into) => contiguous(tail, stat.size - whole, into),
                })
            }
            Data::Chunks { map, bits, entry } => {
                let (chunk, offset) = (at >> bits, at & ((1 << bits) - 1));
                let place = chunk.checked_mul(entry).and_then(|at| at.checked_add(map));
                let place = place.unwrap_or(u64::MAX);
                // In an index entry of 8 bytes, the address is the second half.
                let address: [u8; 4] = self.image.bytes(place.saturating_add(entry - 4))?;
                let block = u32::from_le_bytes(address);
                let length = (1 << bits) - offset;
                Ok(if block == HOLE {
                    Stretch::Hole { length }
                } else {
                    Stretch::Disk {
                        at: (u64::from(block) << self.block_bits) + offset,
                        length,
                    }
                })
            }
            Data::Compressed { map, algorithm } => {
                clusters::find(&self.image, map, algorithm, stat.size, at)
            }
            _ => Err(damaged("a file has no content where it should")),
        }
    }

    fn names<'a>(&self, block: &'a [u8]) -> Result<Vec<Name<'a>>, Error> {
        let fields = Fields(block);
        // The records end where the first name begins.
        let count = usize::from(fields.u16(8)?) / DIRENT;
        if count == 0 {
            return Err(damaged("a block of a directory has no names"));
        }
        let name_at = |index: usize| Ok::<_, Error>(usize::from(fields.u16(index * DIRENT + 8)?));
        let mut names = Vec::with_capacity(count.min(block.len() / DIRENT));
        for index in 0..count {
            let from = name_at(index)?;
            let to = if index + 1 < count {
                name_at(index + 1)?
            } else {
                block.len()
            };
            let length = to
                .checked_sub(from)
                .ok_or_else(|| damaged("names of a directory overlap"))?;
            let name = fields.bytes(from, length)?;
            // The last name of a block may be followed by zeros.
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            if name != b"." && name != b".." {
                names.push((name, fields.u64(index * DIRENT)?));
            }
        }
        Ok(names)
    }
}
