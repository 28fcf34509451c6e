//! Lists folders.

use std::mem::MaybeUninit;
use std::os::fd::AsFd as _;

use rustix::fs::{FileType, OFlags, RawDir, SeekFrom};
use rustix::io::Errno;

use crate::attributes::Attributes;
use crate::name::Name;
use crate::reply::{ENTRY, LISTED, Reply};
use crate::state::{Folder, Object};

/// Bytes of entries that are read at a time.
const BUFFER: usize = 32 * 1024;

/// One entry, as it was read.
struct Entry {
    inode: u64,
    next: u64,
    kind: FileType,
    name: Vec<u8>,
}

impl Folder {
    pub(crate) fn open_folder(&mut self, node: u64, reply: &mut Reply) -> Result<(), Errno> {
        self.handles.check_room()?;
        let object = self.folder(node)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let folder = self.beneath.reopen(object.place.as_fd(), flags)?;
        let handle = self.handles.keep(folder, node, true);
        reply.opened(handle, 0);
        Ok(())
    }

    /// Lists what comes after `offset`, in `size` bytes at most; with attributes if `plus`.
    pub(crate) fn list(
        &mut self,
        handle: u64,
        (offset, size): (u64, usize),
        plus: bool,
        reply: &mut Reply,
    ) -> Result<(), Errno> {
        let handle = self.handles.folder(handle)?;
        let node = handle.node;
        let entries = read(handle.as_fd(), offset, size)?;
        let folder = match plus {
            true => Some(Object {
                place: rustix::io::fcntl_dupfd_cloexec(handle, 0)?,
                known: crate::attributes::Known::of(handle.as_fd(), &self.owners)?,
            }),
            false => None,
        };
        for entry in entries {
            let length = LISTED + entry.name.len().next_multiple_of(8);
            let length = length + if plus { ENTRY } else { 0 };
            if reply.content() + length > size {
                break;
            }
            if let Some(folder) = &folder {
                self.describe(node, folder, &entry.name, reply);
            }
            let kind = entry.kind.as_raw_mode() >> 12;
            reply.listed(entry.inode, entry.next, kind, &entry.name);
        }
        Ok(())
    }

    /// Says what an entry is, or that the guest has to ask.
    fn describe(&mut self, node: u64, folder: &Object, name: &[u8], reply: &mut Reply) {
        let found = Name::new(name).and_then(|name| {
            let found = self.find(folder, name)?;
            self.enter(node, name, &found, reply)
        });
        if found.is_err() {
            reply.entry(0, &Attributes::default());
        }
    }
}

/// Reads about as many entries as take `size` bytes.
fn read(
    folder: std::os::fd::BorrowedFd<'_>,
    offset: u64,
    size: usize,
) -> Result<Vec<Entry>, Errno> {
    rustix::fs::seek(folder, SeekFrom::Start(offset))?;
    let mut buffer = vec![MaybeUninit::uninit(); BUFFER.min(size.max(1024))];
    let mut listing = RawDir::new(folder, &mut buffer);
    let (mut entries, mut taken) = (Vec::new(), 0);
    while taken < size
        && let Some(entry) = listing.next()
    {
        let entry = entry?;
        let name = entry.file_name().to_bytes().to_vec();
        taken += LISTED + name.len();
        entries.push(Entry {
            inode: entry.ino(),
            next: entry.next_entry_cookie(),
            kind: entry.file_type(),
            name,
        });
    }
    Ok(entries)
}
