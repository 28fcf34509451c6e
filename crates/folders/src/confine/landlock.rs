//! Rules of Landlock (landlock(7)): nothing but what lies beneath the folders can be opened or changed.

use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

use rustix::io::Errno;

use crate::state::Folder;

/// Rights over files (linux/landlock.h).
const WRITE_FILE: u64 = 1 << 1;
const READ_FILE: u64 = 1 << 2;
const READ_FOLDER: u64 = 1 << 3;
const REMOVE: u64 = 1 << 4 | 1 << 5;
const MAKE: u64 = 1 << 7 | 1 << 8 | 1 << 12;
const MOVE: u64 = 1 << 13;
const TRUNCATE: u64 = 1 << 14;

/// The oldest version that can allow moving between folders.
const OLDEST: i64 = 2;
/// All rights that each version from the oldest on knows, and rights over the network.
const KNOWN: [(u64, u64); 4] = [
    ((1 << 14) - 1, 0),
    ((1 << 15) - 1, 0),
    ((1 << 15) - 1, 0b11),
    ((1 << 16) - 1, 0b11),
];
/// From this version on, abstract sockets and signals are scoped.
const SCOPED: i64 = 6;

/// Puts the process under the rules.
#[allow(unsafe_code)]
pub(super) fn restrict(folders: &[Folder]) -> Result<(), Errno> {
    let create = libc::SYS_landlock_create_ruleset;
    // SAFETY: with this flag the call takes no attributes; it returns a number.
    let version = done(unsafe { libc::syscall(create, std::ptr::null::<u8>(), 0_usize, 1_u32) })?;
    if version < OLDEST {
        return Err(Errno::OPNOTSUPP);
    }
    let newest = KNOWN.len() - 1;
    let known = usize::try_from(version - OLDEST).unwrap_or(newest);
    let (files, network) = KNOWN[known.min(newest)];
    let scopes = if version >= SCOPED { 0b11_u64 } else { 0 };
    let attributes = [files, network, scopes];
    // Older kernels know fewer members, and refuse others that are not 0.
    // SAFETY: the pointer is to a structure of three numbers of 64 bits, which the call only reads.
    let rules =
        unsafe { libc::syscall(create, attributes.as_ptr(), size_of_val(&attributes), 0_u32) };
    let number = i32::try_from(done(rules)?).map_err(|_| Errno::OVERFLOW)?;
    // SAFETY: the call returned a new descriptor, which nobody else has.
    let rules = unsafe { OwnedFd::from_raw_fd(number) };
    for folder in folders {
        allow(&rules, folder, files)?;
    }
    // SAFETY: the call takes two numbers.
    let restricted =
        unsafe { libc::syscall(libc::SYS_landlock_restrict_self, rules.as_raw_fd(), 0_u32) };
    done(restricted).map(drop)
}

/// Allows what can be done with a folder or a file.
#[allow(unsafe_code)]
fn allow(rules: &OwnedFd, folder: &Folder, known: u64) -> Result<(), Errno> {
    #[repr(C, packed)]
    struct PathBeneath {
        rights: u64,
        parent: i32,
    }
    let rights = match (folder.is_folder, folder.read_only) {
        (true, true) => READ_FILE | READ_FOLDER,
        (true, false) => READ_FILE | READ_FOLDER | WRITE_FILE | REMOVE | MAKE | MOVE | TRUNCATE,
        (false, true) => READ_FILE,
        (false, false) => READ_FILE | WRITE_FILE | TRUNCATE,
    };
    let rule = PathBeneath {
        rights: rights & known,
        parent: folder.beneath.root().as_raw_fd(),
    };
    // SAFETY: the pointer is to the structure of this kind of rule (1), which the call only reads.
    let added = unsafe {
        libc::syscall(
            libc::SYS_landlock_add_rule,
            rules.as_raw_fd(),
            1_u32,
            std::ptr::from_ref(&rule),
            0_u32,
        )
    };
    done(added).map(drop)
}

/// The result of a call: a number, or -1 and an error beside it.
fn done(result: libc::c_long) -> Result<i64, Errno> {
    match result {
        0.. => Ok(result),
        _ => {
            let error = std::io::Error::last_os_error();
            Err(Errno::from_io_error(&error).unwrap_or(Errno::IO))
        }
    }
}
