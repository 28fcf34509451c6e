//! Attributes of objects, links, and of the file system.

use std::os::fd::AsFd as _;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};
use rustix::io::Errno;

use crate::abi::change;
use crate::attributes::{Attributes, Known, PERMISSIONS};
use crate::reply::Reply;
use crate::request::Changes;
use crate::state::{Folder, Object};

/// New things in a folder with this bit get its group: no program gets rights by that.
const KEEPS_GROUP: u32 = 0o2000;

impl Folder {
    pub(crate) fn attributes(
        &mut self,
        node: u64,
        handle: Option<u64>,
        reply: &mut Reply,
    ) -> Result<(), Errno> {
        let open = handle.and_then(|handle| self.handles.get(handle));
        let known = match open.filter(|handle| handle.node == node) {
            Some(handle) => Known::of(handle.as_fd(), &self.owners)?.on(self.beneath.device),
            None => self.object(node)?.known,
        };
        reply.attributes(&known.attributes);
        Ok(())
    }

    pub(crate) fn change(
        &mut self,
        node: u64,
        changes: &Changes,
        reply: &mut Reply,
    ) -> Result<(), Errno> {
        self.check_writable()?;
        let object = self.object(node)?;
        let is_set = |flag| changes.valid & flag != 0;
        check_owner(&object.known.attributes, changes)?;
        if is_set(change::SIZE) {
            self.truncate(&object, changes)?;
        }
        let (descriptors, name) = self.beneath.name(object.place.as_fd());
        if is_set(change::MODE) {
            let kept = match object.known.kind() {
                FileType::Directory => PERMISSIONS | KEEPS_GROUP,
                _ => PERMISSIONS,
            };
            let mode = Mode::from_raw_mode(changes.mode & kept);
            rustix::fs::chmodat(descriptors, &name, mode, AtFlags::empty())?;
        }
        let time = |set, now, (seconds, nanoseconds): (i64, u32)| Timespec {
            tv_sec: seconds,
            tv_nsec: match () {
                () if is_set(now) => UTIME_NOW,
                () if is_set(set) => i64::from(nanoseconds.min(999_999_999)),
                () => UTIME_OMIT,
            },
        };
        let times = Timestamps {
            last_access: time(change::ATIME, change::ATIME_NOW, changes.atime),
            last_modification: time(change::MTIME, change::MTIME_NOW, changes.mtime),
        };
        if is_set(change::ATIME | change::MTIME | change::ATIME_NOW | change::MTIME_NOW) {
            rustix::fs::utimensat(descriptors, &name, &times, AtFlags::empty())?;
        }
        let known = Known::of(object.place.as_fd(), &self.owners)?.on(self.beneath.device);
        reply.attributes(&known.attributes);
        Ok(())
    }

    fn truncate(&self, object: &Object, changes: &Changes) -> Result<(), Errno> {
        if changes.valid & change::HANDLE != 0 {
            return rustix::fs::ftruncate(self.handles.file(changes.handle)?, changes.size);
        }
        if object.known.kind() != FileType::RegularFile {
            return Err(Errno::INVAL);
        }
        let file = self.beneath.reopen(object.place.as_fd(), OFlags::WRONLY)?;
        rustix::fs::ftruncate(file, changes.size)
    }

    /// What a symbolic link says, which nobody here follows.
    pub(crate) fn read_link(&mut self, node: u64, reply: &mut Reply) -> Result<(), Errno> {
        let object = self.object(node)?;
        if object.known.kind() != FileType::Symlink {
            return Err(Errno::INVAL);
        }
        let target = rustix::fs::readlinkat(&object.place, c"", Vec::new())?;
        reply.bytes(target.as_bytes());
        Ok(())
    }

    /// `struct fuse_kstatfs`.
    pub(crate) fn file_system(&mut self, node: u64, reply: &mut Reply) -> Result<(), Errno> {
        let object = self.object(node)?;
        let found = rustix::fs::fstatvfs(&object.place)?;
        for number in [
            found.f_blocks,
            found.f_bfree,
            found.f_bavail,
            found.f_files,
            found.f_ffree,
        ] {
            reply.u64(number);
        }
        for number in [found.f_bsize, found.f_namemax, found.f_frsize] {
            reply.u32(u32::try_from(number).unwrap_or(u32::MAX));
        }
        reply.bytes(&[0; 28]);
        Ok(())
    }
}

/// An owner cannot be changed: only what is so already may be asked for.
fn check_owner(attributes: &Attributes, changes: &Changes) -> Result<(), Errno> {
    let differs = |flag, wanted, is| changes.valid & flag != 0 && wanted != is;
    let uid = differs(change::UID, changes.uid, attributes.uid);
    let gid = differs(change::GID, changes.gid, attributes.gid);
    match uid || gid {
        true => Err(Errno::PERM),
        false => Ok(()),
    }
}
