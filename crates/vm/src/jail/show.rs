//! Makes a view the root of a process, which is in a mount namespace of its own already.
//!
//! Only system calls are made: it runs between clone and exec.

use std::ffi::CStr;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, mkdirat, open, openat, symlinkat};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags,
    OpenTreeFlags, UnmountFlags, fsconfig_create, fsconfig_set_string, fsmount, fsopen,
    mount_change, move_mount, open_tree, unmount,
};
use rustix::process::{chdir, fchdir, pivot_root};

use super::call;
use super::view::{Kind, View};

/// A folder that every system has, and over which the new root lies until it is the root.
const STAGE: &CStr = c"/proc";

/// Replaces the root; `trees` is room for one descriptor for each entry. When it fails early, everything is
/// as before.
pub(super) fn show(view: &View, trees: &mut [Option<OwnedFd>]) -> Result<(), Errno> {
    mount_change(
        c"/",
        MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
    )?;
    // Taken before anything is covered.
    for (entry, tree) in view.entries.iter().zip(trees.iter_mut()) {
        if entry.place.is_none() {
            continue;
        }
        let flags = OpenTreeFlags::OPEN_TREE_CLONE
            | OpenTreeFlags::OPEN_TREE_CLOEXEC
            | OpenTreeFlags::AT_RECURSIVE;
        let taken = open_tree(CWD, &*entry.path, flags)?;
        let common = MountAttrFlags::MOUNT_ATTR_RDONLY | MountAttrFlags::MOUNT_ATTR_NOSUID;
        let more = match entry.kind {
            // Libraries are mapped as code, so they stay executable; Landlock says what may be executed.
            Kind::Folder | Kind::Program => MountAttrFlags::MOUNT_ATTR_NODEV,
            Kind::File | Kind::Descriptors => {
                MountAttrFlags::MOUNT_ATTR_NODEV | MountAttrFlags::MOUNT_ATTR_NOEXEC
            }
            Kind::Device => MountAttrFlags::MOUNT_ATTR_NOEXEC,
        };
        set_attributes(taken.as_fd(), c"", common | more, AtFlags::EMPTY_PATH, true)?;
        *tree = Some(taken);
    }
    let old = open(
        c"/",
        OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )?;
    let memory = fsopen(c"tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_set_string(memory.as_fd(), c"mode", c"0755")?;
    fsconfig_set_string(memory.as_fd(), c"size", c"64k")?;
    fsconfig_create(memory.as_fd())?;
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let root = fsmount(memory.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)?;
    move_mount(
        root.as_fd(),
        c"",
        CWD,
        STAGE,
        MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH,
    )?;
    let furnished = furnish(root.as_fd(), view, trees).and_then(|()| {
        fchdir(&root)?;
        pivot_root(c".", c".")
    });
    if let Err(error) = furnished {
        let _as_before = fchdir(&old).and_then(|()| unmount(STAGE, UnmountFlags::DETACH));
        return Err(error);
    }
    // The old root now lies over the new one.
    fchdir(&old)?;
    unmount(c".", UnmountFlags::DETACH)?;
    chdir(c"/")?;
    set_attributes(
        CWD,
        c"/",
        MountAttrFlags::MOUNT_ATTR_RDONLY,
        AtFlags::empty(),
        false,
    )
}

/// Makes the folders and mounts of a new root.
fn furnish(root: BorrowedFd<'_>, view: &View, trees: &[Option<OwnedFd>]) -> Result<(), Errno> {
    for folder in &view.folders {
        mkdirat(root, &**folder, Mode::from_raw_mode(0o755))?;
    }
    for file in &view.files {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        openat(root, &**file, flags, Mode::from_raw_mode(0o444))?;
    }
    for (link, content) in &view.links {
        symlinkat(&**content, root, &**link)?;
    }
    for (entry, tree) in view.entries.iter().zip(trees) {
        if let (Some(place), Some(tree)) = (&entry.place, tree) {
            let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
            move_mount(tree.as_fd(), c"", root, &**place, flags)?;
        }
    }
    Ok(())
}

/// `struct mount_attr` of mount_setattr(2).
#[repr(C)]
struct Attributes {
    set: u64,
    clear: u64,
    propagation: u64,
    namespace: u64,
}

/// Adds attributes to a mount, and to those in it.
#[allow(unsafe_code)]
fn set_attributes(
    folder: BorrowedFd<'_>,
    path: &CStr,
    set: MountAttrFlags,
    flags: AtFlags,
    recursive: bool,
) -> Result<(), Errno> {
    const AT_RECURSIVE: u32 = 0x8000;
    let attributes = Attributes {
        set: u64::from(set.bits()),
        clear: 0,
        propagation: 0,
        namespace: 0,
    };
    let flags = flags.bits() | if recursive { AT_RECURSIVE } else { 0 };
    // SAFETY: the path ends with 0, and the other pointer is to a structure of the size given; both are
    // only read.
    let done = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            folder.as_raw_fd(),
            path.as_ptr(),
            flags,
            std::ptr::from_ref(&attributes),
            size_of::<Attributes>(),
        )
    };
    call::check(done).map(drop)
}
