//! What an object is, and who owns it.

use std::os::fd::BorrowedFd;

use rustix::fs::{AtFlags, FileType, Statx, StatxFlags, statx};
use rustix::io::Errno;

/// Permissions that are passed on: no set-uid bits.
pub(crate) const PERMISSIONS: u32 = 0o1777;

/// What tells one object from all others, also from one that later gets its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    pub(crate) device: u64,
    inode: u64,
    kind: u32,
    born: (i64, u32),
}

/// The attributes of an object as the guest sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Attributes {
    pub(crate) inode: u64,
    pub(crate) size: u64,
    pub(crate) blocks: u64,
    /// Of the last access, change of the content, change of anything: seconds and nanoseconds.
    pub(crate) times: [(i64, u32); 3],
    pub(crate) mode: u32,
    pub(crate) links: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) block_size: u32,
}

/// Who owns what: what is this process's user's on the host is the workload's in the guest. All others
/// keep their numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owners {
    ours: (u32, u32),
    pub(crate) theirs: (u32, u32),
}

impl Owners {
    pub(crate) fn of_this_process() -> Self {
        let ours = (
            rustix::process::geteuid().as_raw(),
            rustix::process::getegid().as_raw(),
        );
        Self {
            ours,
            theirs: (0, 0),
        }
    }

    fn seen(&self, uid: u32, gid: u32) -> (u32, u32) {
        let one = |id, ours, theirs| if id == ours { theirs } else { id };
        (
            one(uid, self.ours.0, self.theirs.0),
            one(gid, self.ours.1, self.theirs.1),
        )
    }
}

/// What is known of an object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) identity: Identity,
    pub(crate) attributes: Attributes,
}

impl Known {
    /// Looks at an open object.
    pub(crate) fn of(object: BorrowedFd<'_>, owners: &Owners) -> Result<Self, Errno> {
        let wanted = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
        let found = statx(object, c"", AtFlags::EMPTY_PATH, wanted)?;
        Ok(Self::from(&found, owners))
    }

    fn from(found: &Statx, owners: &Owners) -> Self {
        let device = u64::from(found.stx_dev_major) << 32 | u64::from(found.stx_dev_minor);
        let mode = u32::from(found.stx_mode);
        let has_birth = found.stx_mask & StatxFlags::BTIME.bits() != 0;
        let born = match has_birth {
            true => (found.stx_btime.tv_sec, found.stx_btime.tv_nsec),
            false => (0, 0),
        };
        let (uid, gid) = owners.seen(found.stx_uid, found.stx_gid);
        Self {
            identity: Identity {
                device,
                inode: found.stx_ino,
                kind: FileType::from_raw_mode(mode).as_raw_mode(),
                born,
            },
            attributes: Attributes {
                inode: found.stx_ino,
                size: found.stx_size,
                blocks: found.stx_blocks,
                times: [found.stx_atime, found.stx_mtime, found.stx_ctime]
                    .map(|time| (time.tv_sec, time.tv_nsec)),
                mode,
                links: found.stx_nlink,
                uid,
                gid,
                block_size: found.stx_blksize,
            },
        }
    }

    pub(crate) fn kind(&self) -> FileType {
        FileType::from_raw_mode(self.attributes.mode)
    }

    /// Gives an object of another file system than the folder's a number that none of the folder's has.
    pub(crate) fn on(mut self, device: u64) -> Self {
        if self.identity.device != device {
            self.attributes.inode ^= self.identity.device.rotate_left(40) | 1 << 63;
        }
        self
    }
}
