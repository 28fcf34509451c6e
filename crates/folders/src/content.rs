//! Files: opens, reads and writes them.

use std::io::IoSlice;
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{FallocateFlags, FileType, OFlags, SeekFrom};
use rustix::io::{Errno, ReadWriteFlags, pread, pwrite, pwritev2, retry_on_intr};

use crate::abi::{FSYNC_DATA, KEEP_CACHE, open};
use crate::attributes::{Attributes, Known};
use crate::beneath::create;
use crate::entries::permissions;
use crate::name::Name;
use crate::nodes::Content;
use crate::reply::Reply;
use crate::state::{Folder, Object};

/// Most bytes that are copied for one request: others wait for it.
const MOST_COPIED: u64 = 16 * 1024 * 1024;

/// A file that was changed more recently may change again without another time.
const SETTLED: Duration = Duration::from_millis(50);

/// `SEEK_DATA` and `SEEK_HOLE`: the kernel knows all other places.
const DATA: u32 = 3;
const HOLE: u32 = 4;

impl Folder {
    pub(crate) fn open_file(
        &mut self,
        node: u64,
        flags: u32,
        reply: &mut Reply,
    ) -> Result<(), Errno> {
        let wanted = self.access(flags)?;
        self.handles.check_room()?;
        let object = self.object(node)?;
        let file = self.open_object(&object, wanted)?;
        self.opened(node, file, &object.known.attributes, reply);
        Ok(())
    }

    /// Makes a file and opens it; one that is there already is only opened, unless it has to be new.
    pub(crate) fn create(
        &mut self,
        parent: u64,
        name: Name<'_>,
        (flags, mode): (u32, u32),
        reply: &mut Reply,
    ) -> Result<(), Errno> {
        self.check_writable()?;
        let wanted = self.access(flags)?;
        self.handles.check_room()?;
        let folder = self.folder(parent)?;
        let made = create(folder.place.as_fd(), name, wanted, permissions(mode));
        let (file, known) = match made {
            Err(Errno::EXIST) if flags & open::EXCLUSIVE == 0 => {
                let object = self.find(&folder, name)?;
                (self.open_object(&object, wanted)?, object.known)
            }
            made => {
                let file = made?;
                let known = Known::of(file.as_fd(), &self.owners)?;
                (file, known.on(self.beneath.device))
            }
        };
        let node = self.nodes.remember(known.identity, parent, name)?;
        reply.entry(node, &known.attributes);
        self.opened(node, file, &known.attributes, reply);
        Ok(())
    }

    /// The way in which a file is opened. The kernel truncates it by itself, and says with each write
    /// whether it goes to the end.
    fn access(&self, flags: u32) -> Result<OFlags, Errno> {
        let access = match flags & open::ACCESS {
            0 => OFlags::RDONLY,
            _ if self.read_only => return Err(Errno::ROFS),
            1 => OFlags::WRONLY,
            2 => OFlags::RDWR,
            _ => return Err(Errno::INVAL),
        };
        Ok(match flags {
            _ if flags & open::SYNC == open::SYNC => access | OFlags::SYNC,
            _ if flags & open::DATA_SYNC != 0 => access | OFlags::DSYNC,
            _ => access,
        })
    }

    fn open_object(&self, object: &Object, flags: OFlags) -> Result<OwnedFd, Errno> {
        match object.known.kind() {
            FileType::RegularFile => self.beneath.reopen(object.place.as_fd(), flags),
            FileType::Directory => Err(Errno::ISDIR),
            FileType::Symlink => Err(Errno::LOOP),
            _ => Err(Errno::ACCESS),
        }
    }

    fn opened(&mut self, node: u64, file: OwnedFd, attributes: &Attributes, reply: &mut Reply) {
        let keeps = self.nodes.keeps(node, settled(attributes));
        let handle = self.handles.keep(file, node, false);
        reply.opened(handle, if keeps { KEEP_CACHE } else { 0 });
    }

    pub(crate) fn read(
        &self,
        handle: u64,
        offset: u64,
        size: usize,
        reply: &mut Reply,
    ) -> Result<(), Errno> {
        let file = self.handles.file(handle)?;
        reply.fill(size, |buffer| {
            let mut filled = 0;
            while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
                let at = offset.saturating_add(filled as u64);
                match retry_on_intr(|| pread(file, &mut *rest, at))? {
                    0 => break,
                    read => filled += read,
                }
            }
            Ok(filled)
        })
    }

    pub(crate) fn write(
        &self,
        handle: u64,
        (offset, flags): (u64, u32),
        bytes: &[u8],
        reply: &mut Reply,
    ) -> Result<(), Errno> {
        self.check_writable()?;
        let file = self.handles.file(handle)?;
        let mut written = 0;
        while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            let at = offset.saturating_add(written as u64);
            let wrote = retry_on_intr(|| match flags & open::APPEND {
                0 => pwrite(file, rest, at),
                _ => pwritev2(file, &[IoSlice::new(rest)], at, ReadWriteFlags::APPEND),
            });
            match wrote {
                Ok(0) => break,
                Ok(wrote) => written += wrote,
                // What has been written counts.
                Err(_) if written > 0 => break,
                Err(error) => return Err(error),
            }
        }
        reply.u32(u32::try_from(written).unwrap_or(u32::MAX));
        reply.u32(0);
        Ok(())
    }

    /// Writes a file or a folder to the disk.
    pub(crate) fn sync(&self, handle: u64, flags: u32) -> Result<(), Errno> {
        let object = self.handles.get(handle).ok_or(Errno::BADF)?;
        match flags & FSYNC_DATA {
            0 => rustix::fs::fsync(object),
            _ => rustix::fs::fdatasync(object),
        }
    }

    pub(crate) fn allocate(
        &self,
        handle: u64,
        (offset, length): (u64, u64),
        mode: u32,
    ) -> Result<(), Errno> {
        self.check_writable()?;
        let known =
            FallocateFlags::KEEP_SIZE | FallocateFlags::PUNCH_HOLE | FallocateFlags::ZERO_RANGE;
        let mode = FallocateFlags::from_bits(mode).ok_or(Errno::OPNOTSUPP)?;
        if !known.contains(mode) {
            return Err(Errno::OPNOTSUPP);
        }
        rustix::fs::fallocate(self.handles.file(handle)?, mode, offset, length)
    }

    pub(crate) fn seek(
        &self,
        handle: u64,
        offset: u64,
        whence: u32,
        reply: &mut Reply,
    ) -> Result<(), Errno> {
        let place = match whence {
            DATA => SeekFrom::Data(offset),
            HOLE => SeekFrom::Hole(offset),
            _ => return Err(Errno::INVAL),
        };
        reply.u64(rustix::fs::seek(self.handles.file(handle)?, place)?);
        Ok(())
    }

    pub(crate) fn copy(
        &self,
        (from, from_offset): (u64, u64),
        (to, to_offset): (u64, u64),
        length: u64,
        reply: &mut Reply,
    ) -> Result<(), Errno> {
        self.check_writable()?;
        let (from, to) = (self.handles.file(from)?, self.handles.file(to)?);
        let (mut read_at, mut write_at) = (from_offset, to_offset);
        let length = usize::try_from(length.min(MOST_COPIED)).map_err(|_| Errno::INVAL)?;
        let copied =
            rustix::fs::copy_file_range(from, Some(&mut read_at), to, Some(&mut write_at), length)?;
        reply.u32(u32::try_from(copied).unwrap_or(u32::MAX));
        reply.u32(0);
        Ok(())
    }
}

/// The content of a file by its times, if a change after this moment would have other ones.
fn settled(attributes: &Attributes) -> Option<Content> {
    let [_, modified, changed] = attributes.times;
    let at = Duration::new(u64::try_from(changed.0).ok()?, changed.1);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    (now.checked_sub(at)? > SETTLED).then_some(Content {
        size: attributes.size,
        modified,
        changed,
    })
}
