//! Stops all processes but this one, without any of them noticing: the control groups that they are in
//! are frozen (`Documentation/admin-guide/cgroup-v2.rst`, "cgroup.freeze").
//!
//! ```text
//! /                 the root group cannot be frozen: its processes are moved ...
//!   lazaret-rest    ... to this one, and back
//!   others          the workload's own, frozen where they are
//! ```
//! The file systems are mounted for this purpose alone and nowhere in the tree: whatever the workload
//! has mounted on `/proc` and `/sys` does not matter.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags};

use crate::error::{Context as _, Error, Result};

/// The group of the processes that were in none.
const GROUP: &str = "lazaret-rest";

/// Time for all processes to stop. One that waits for a disk stops when that has answered.
const STOPS_WITHIN: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(1);

/// Most bytes of a list of processes that are read.
const LIST_BYTES: u64 = 1024 * 1024;

/// `PF_KTHREAD` of `linux/sched.h`: a thread of the kernel, which cannot be frozen.
const KERNEL_THREAD: u64 = 0x0020_0000;

/// Stopped processes.
#[derive(Debug)]
pub(crate) struct Frozen {
    root: OwnedFd,
    /// The groups that were frozen, [`GROUP`] first.
    groups: Vec<String>,
}

/// Stops all processes but this one, and the kernel's.
pub(crate) fn everything() -> Result<Frozen> {
    let root = mount(c"cgroup2")?;
    let processes = mount(c"proc")?;
    match rustix::fs::mkdirat(&root, GROUP, Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(error) => return Err(error).context(|| "make a control group".to_owned()),
    }
    let mut frozen = Frozen {
        root,
        groups: Vec::new(),
    };
    match frozen.gather(&processes) {
        Ok(()) => Ok(frozen),
        Err(error) => {
            frozen.thaw();
            Err(error)
        }
    }
}

impl Frozen {
    /// Lets the processes go on, where they were.
    pub(crate) fn thaw(self) {
        for group in self.groups.iter().rev() {
            let _gone = self.put(&format!("{group}/cgroup.freeze"), "0");
        }
        // More than once: a process may have made another one before it was moved.
        for _ in 0..10 {
            let list = self.get(&format!("{GROUP}/cgroup.procs"));
            let list = list.unwrap_or_default();
            if list.is_empty() {
                break;
            }
            for process in list.lines() {
                let _gone = self.put("cgroup.procs", process);
            }
        }
        let _of_the_workload_now = rustix::fs::unlinkat(&self.root, GROUP, AtFlags::REMOVEDIR);
    }

    fn gather(&mut self, processes: &OwnedFd) -> Result<()> {
        let failed = || "stop the processes".to_owned();
        self.freeze(GROUP.to_owned()).context(failed)?;
        for group in self.others().context(failed)? {
            // One that the workload has frozen stays so.
            if self.get(&format!("{group}/cgroup.freeze")).as_deref() == Ok("0\n") {
                self.freeze(group).context(failed)?;
            }
        }
        let deadline = Instant::now() + STOPS_WITHIN;
        loop {
            let mut moved = false;
            for process in self.get("cgroup.procs").context(failed)?.lines() {
                if is_stoppable(processes, process) {
                    moved |= self.put(&format!("{GROUP}/cgroup.procs"), process).is_ok();
                }
            }
            if !moved && self.groups.iter().all(|group| self.is_still(group)) {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(Error::Restless {
                    seconds: STOPS_WITHIN.as_secs(),
                });
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn freeze(&mut self, group: String) -> Result<(), Errno> {
        self.put(&format!("{group}/cgroup.freeze"), "1")?;
        self.groups.push(group);
        Ok(())
    }

    /// Whether all processes of a group, and of those below it, are stopped.
    fn is_still(&self, group: &str) -> bool {
        match self.get(&format!("{group}/cgroup.events")) {
            Ok(events) => events.lines().any(|line| line == "frozen 1"),
            // The group has gone.
            Err(error) => error == Errno::NOENT || error == Errno::NODEV,
        }
    }

    /// The groups of the workload.
    fn others(&self) -> Result<Vec<String>, Errno> {
        let mut groups = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.root)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_group = entry.file_type() == FileType::Directory;
            if is_group && name != GROUP && !name.starts_with('.') {
                groups.push(name);
            }
        }
        Ok(groups)
    }

    fn get(&self, path: &str) -> Result<String, Errno> {
        read(&self.root, path)
    }

    fn put(&self, path: &str, text: &str) -> Result<(), Errno> {
        let flags = OFlags::WRONLY | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.root, path, flags, Mode::empty())?;
        File::from(file)
            .write_all(text.as_bytes())
            .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
    }
}

/// Mounts a file system of the kernel, in no folder.
fn mount(name: &std::ffi::CStr) -> Result<OwnedFd> {
    let open = || {
        let context = rustix::mount::fsopen(name, FsOpenFlags::FSOPEN_CLOEXEC)?;
        rustix::mount::fsconfig_create(&context)?;
        let flags = FsMountFlags::FSMOUNT_CLOEXEC;
        let mounted = rustix::mount::fsmount(&context, flags, MountAttrFlags::empty())?;
        // What is mounted is only a place, which cannot be read itself.
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        rustix::fs::openat(&mounted, ".", flags, Mode::empty())
    };
    open().context(|| format!("mount {}", name.to_string_lossy()))
}

/// Whether this is a process that runs programs, and not this one.
fn is_stoppable(processes: &OwnedFd, process: &str) -> bool {
    if process == "1" {
        return false;
    }
    // One that cannot be read has gone.
    read(processes, &format!("{process}/stat")).is_ok_and(|stat| is_program(&stat))
}

/// Whether a `/proc/<pid>/stat` is that of a living program (proc(5)).
fn is_program(stat: &str) -> bool {
    // The second field is the command's name in parentheses, which may contain any character.
    let Some((_, rest)) = stat.rsplit_once(')') else {
        return false;
    };
    let mut fields = rest.split_ascii_whitespace();
    let lives = fields
        .next()
        .is_some_and(|state| state != "Z" && state != "X");
    let flags = fields.nth(5).and_then(|flags| flags.parse::<u64>().ok());
    lives && flags.is_some_and(|flags| flags & KERNEL_THREAD == 0)
}

fn read(folder: &OwnedFd, path: &str) -> Result<String, Errno> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, path, flags, Mode::empty())?;
    let mut bytes = Vec::new();
    File::from(file)
        .take(LIST_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests;
