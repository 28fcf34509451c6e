//! Rules of Landlock (landlock(7)): what is not listed cannot be opened, executed, connected to or
//! signalled.

use std::os::fd::{AsFd, AsRawFd as _, FromRawFd as _, OwnedFd};

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;

use super::call;
use super::view::{Kind, View};

/// Rights over files (linux/landlock.h).
const EXECUTE: u64 = 1;
const WRITE_FILE: u64 = 1 << 1;
const READ_FILE: u64 = 1 << 2;
const READ_DIR: u64 = 1 << 3;
const REMOVE_FILE: u64 = 1 << 5;
const MAKE_SOCKET: u64 = 1 << 9;
const TRUNCATE: u64 = 1 << 14;
const IOCTL_DEV: u64 = 1 << 15;

/// Rights over files that each version knows, from version 1 on.
const FILE_RIGHTS: [u64; 5] = [
    (1 << 13) - 1, // 1: all but the following
    (1 << 14) - 1, // 2: moving between folders
    (1 << 15) - 1, // 3: truncating
    (1 << 15) - 1, // 4: TCP, see below
    (1 << 16) - 1, // 5: control calls of devices
];
/// Binding and connecting TCP sockets, from version 4 on.
const NETWORK_RIGHTS: u64 = 0b11;
/// Abstract sockets and signals, from version 6 on.
const SCOPES: u64 = 0b11;

const VERSION: u32 = 1;
const PATH_BENEATH: u32 = 1;

/// `struct landlock_ruleset_attr`.
#[repr(C)]
struct RulesetAttributes {
    files: u64,
    network: u64,
    scopes: u64,
}

/// `struct landlock_path_beneath_attr`.
#[repr(C, packed)]
struct PathBeneath {
    rights: u64,
    parent: i32,
}

/// The version of Landlock that the kernel has.
///
/// # Errors
/// When it has none, or it is switched off.
#[allow(unsafe_code)]
pub(super) fn version() -> Result<usize, Errno> {
    // SAFETY: with this flag the call takes no attributes; it returns a number.
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<u8>(),
            0_usize,
            VERSION,
        )
    };
    call::check(version)
}

/// Makes the rules for a program that is shown `view`, reads and writes files through descriptors, and makes
/// sockets in `folder`.
pub(super) fn rules(
    view: &View,
    read: &[OwnedFd],
    written: &[OwnedFd],
    folder: Option<&OwnedFd>,
) -> Result<OwnedFd, Errno> {
    let version = version()?;
    let known = FILE_RIGHTS[version.clamp(1, FILE_RIGHTS.len()) - 1];
    let rules = create(&RulesetAttributes {
        files: known,
        network: if version >= 4 { NETWORK_RIGHTS } else { 0 },
        scopes: if version >= 6 { SCOPES } else { 0 },
    })?;
    for entry in &view.entries {
        let rights = match entry.kind {
            Kind::Folder => READ_FILE | READ_DIR,
            Kind::File => READ_FILE,
            Kind::Program => READ_FILE | EXECUTE,
            Kind::Device => READ_FILE | WRITE_FILE | IOCTL_DEV,
            // Each file behind a descriptor has a rule of its own.
            Kind::Descriptors => continue,
        };
        let path = openat(
            CWD,
            &*entry.path,
            OFlags::PATH | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        allow(&rules, &path, rights & known)?;
    }
    let write = READ_FILE | WRITE_FILE | TRUNCATE;
    let read = read.iter().map(|file| (file, READ_FILE));
    let written = written.iter().map(|file| (file, write));
    let folder = folder.map(|folder| (folder, write | READ_DIR | MAKE_SOCKET | REMOVE_FILE));
    for (file, rights) in read.chain(written).chain(folder) {
        match allow(&rules, file, rights & known) {
            // A file in memory has no path, and needs no rule.
            Ok(()) | Err(Errno::BADFD) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(rules)
}

#[allow(unsafe_code)]
fn create(attributes: &RulesetAttributes) -> Result<OwnedFd, Errno> {
    // Older kernels know fewer members, and refuse a structure whose further ones are not 0.
    // SAFETY: the pointer is to a structure of the size given, which the call only reads.
    let rules = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::from_ref(attributes),
            size_of::<RulesetAttributes>(),
            0_u32,
        )
    };
    let number = i32::try_from(call::check(rules)?).map_err(|_| Errno::OVERFLOW)?;
    // SAFETY: the call returned a new descriptor, which nobody else has.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

#[allow(unsafe_code)]
fn allow(rules: &OwnedFd, file: impl AsFd, rights: u64) -> Result<(), Errno> {
    let rule = PathBeneath {
        rights,
        parent: file.as_fd().as_raw_fd(),
    };
    // SAFETY: the pointer is to the structure of this kind of rule, which the call only reads.
    let added = unsafe {
        libc::syscall(
            libc::SYS_landlock_add_rule,
            rules.as_raw_fd(),
            PATH_BENEATH,
            std::ptr::from_ref(&rule),
            0_u32,
        )
    };
    call::check(added).map(drop)
}

/// Puts the calling thread under the rules. It makes one system call.
#[allow(unsafe_code)]
pub(super) fn restrict(rules: &OwnedFd) -> Result<(), Errno> {
    // SAFETY: the call takes two numbers.
    let done = unsafe { libc::syscall(libc::SYS_landlock_restrict_self, rules.as_raw_fd(), 0_u32) };
    call::check(done).map(drop)
}
