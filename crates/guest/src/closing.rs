//! Leaves the file systems that the host reads later as if they had been unmounted: the last step
//! before the machine ends, wherever that comes from.
//!
//! Everything here goes over descriptors that were opened when the disks were mounted, because the
//! workload may have unmounted or covered any path.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::FsPickFlags;

use crate::error::{Context as _, Error, Result};
use crate::{children, console, hold};

/// Time for killed processes to let go of files.
const FREE_WITHIN: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(10);

/// The roots of the file systems: the scratch disk's, and those of writable volumes.
static KEPT: Mutex<Kept> = Mutex::new(Kept {
    scratch: None,
    volumes: Vec::new(),
});

struct Kept {
    scratch: Option<OwnedFd>,
    volumes: Vec<OwnedFd>,
}

/// Keeps the root of a volume.
pub(crate) fn keep(volume: OwnedFd) {
    kept().volumes.push(volume);
}

/// Keeps the root of the scratch disk, which is mounted here.
pub(crate) fn keep_scratch(path: &Path) -> Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = rustix::fs::open(path, flags, Mode::empty());
    kept().scratch = Some(root.context(|| format!("open {}", path.display()))?);
    Ok(())
}

/// The root of the scratch disk, if there is one.
pub(crate) fn scratch() -> Option<OwnedFd> {
    kept().scratch.as_ref()?.try_clone().ok()
}

/// Lets writes to the scratch disk go on, if they are held back.
pub(crate) fn thaw() {
    if let Some(scratch) = &kept().scratch {
        let _goes_on_already = hold::thaw(scratch);
    }
}

/// Closes all, volumes first: they outlive the machine. All processes have been killed before.
pub(crate) fn close_all() {
    // Killed processes that wait for a disk end only when it takes their writes.
    thaw();
    let deadline = Instant::now() + FREE_WITHIN;
    let (volumes, scratch) = {
        let mut kept = kept();
        (std::mem::take(&mut kept.volumes), kept.scratch.take())
    };
    for root in volumes.into_iter().chain(scratch) {
        if let Err(source) = close(&root, deadline) {
            let action = "close a disk".to_owned();
            let source = source.into();
            console::say(&Error::System { action, source }.to_string());
        }
    }
}

fn close(root: &OwnedFd, deadline: Instant) -> Result<(), Errno> {
    loop {
        match make_read_only(root) {
            Err(Errno::BUSY) if Instant::now() < deadline => {
                // A process lets go of its files before it is reaped.
                children::bury(|_, _| {});
                std::thread::sleep(PAUSE);
            }
            // Something of the kernel's, such as a loop device, has a file of it. Freezing writes
            // everything all the same.
            Err(_) => return hold::freeze(root),
            Ok(()) => return Ok(()),
        }
    }
}

fn make_read_only(root: &OwnedFd) -> Result<(), Errno> {
    let flags = FsPickFlags::FSPICK_EMPTY_PATH | FsPickFlags::FSPICK_CLOEXEC;
    let change = rustix::mount::fspick(root, c"", flags)?;
    rustix::mount::fsconfig_set_flag(&change, c"ro")?;
    rustix::mount::fsconfig_reconfigure(&change)
}

fn kept() -> MutexGuard<'static, Kept> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}
