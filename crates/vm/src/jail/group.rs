//! Control groups (cgroups(7), version 2): limits of memory and threads for one machine.
//!
//! ```text
//! <delegated>/lazaret/<process>-<start>-<number>    the group of one QEMU
//! ```
//! The delegated folder is the highest one above this process in which the user may make groups with
//! these limits. The name says who made the group, so that whoever comes next removes what a killed process
//! left. There is no daemon to ask.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{Access, access};

const CONTROLLERS: [&str; 2] = ["memory", "pids"];
const OURS: &str = "lazaret";
/// Most threads of a QEMU beside its processors: helpers of disks, the monitor, signals.
const THREADS: u64 = 256;
/// What QEMU needs beside the guest's memory, in MiB: translated code, devices, page tables, disks' pages.
const OVERHEAD_MIB: u64 = 640;

/// A control group. It is removed with this value.
#[derive(Debug)]
pub(crate) struct Group {
    path: PathBuf,
    pub(crate) folder: OwnedFd,
}

impl Group {
    /// Makes a group for a machine of `memory_mib` and `cpus`; removes those that nobody needs any more.
    pub(crate) fn make(parent: &Path, memory_mib: u64, cpus: u32) -> io::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let ours = parent.join(OURS);
        match fs::create_dir(&ours) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        sweep(&ours);
        let control = CONTROLLERS.map(|name| format!("+{name}")).join(" ");
        fs::write(ours.join("cgroup.subtree_control"), control)?;
        let process = std::process::id();
        let started = start_time(process).unwrap_or_default();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = ours.join(format!("{process}-{started}-{number}"));
        fs::create_dir(&path)?;
        let limit = || {
            let bytes = (memory_mib + OVERHEAD_MIB) << 20;
            fs::write(path.join("memory.max"), bytes.to_string())?;
            fs::write(
                path.join("pids.max"),
                (THREADS + u64::from(cpus)).to_string(),
            )?;
            File::open(&path)
        };
        match limit() {
            Ok(folder) => Ok(Self {
                path,
                folder: folder.into(),
            }),
            Err(error) => {
                let _left_to_the_next = fs::remove_dir(&path);
                Err(error)
            }
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir(&self.path) {
            tracing::debug!(%error, path = %self.path.display(), "control group not removed");
        }
    }
}

/// Removes the groups of processes that are no more. A group in which something runs cannot be removed.
pub(super) fn sweep(ours: &Path) {
    for entry in fs::read_dir(ours).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let mut numbers = name
            .to_str()
            .unwrap_or("")
            .split('-')
            .map(str::parse::<u64>);
        if let (Some(Ok(process)), Some(Ok(started))) = (numbers.next(), numbers.next()) {
            let process = u32::try_from(process).unwrap_or_default();
            if start_time(process) != Some(started) {
                let _tried_again = fs::remove_dir(entry.path());
            }
        }
    }
}

/// Removes what killed processes left in the delegated folder.
pub fn sweep_control_groups() {
    if let Ok(parent) = control_groups() {
        sweep(&parent.join(OURS));
    }
}

/// The folder below which this user may make groups with limits, or why there is none.
///
/// # Errors
/// The reason, in words.
pub fn control_groups() -> Result<PathBuf, String> {
    let read = |path: &str| fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
    let mounts = read("/proc/self/mountinfo")?;
    let own = read("/proc/self/cgroup")?;
    delegated(&mounts, &own)
}

pub(super) fn delegated(mounts: &str, own: &str) -> Result<PathBuf, String> {
    let is_version_2 = |line: &&str| line.contains(" - cgroup2 ");
    let mount = mounts
        .lines()
        .find(is_version_2)
        .and_then(|line| line.split(' ').nth(4));
    let mount = Path::new(mount.ok_or("cgroup v2 is not mounted")?);
    let own = own.lines().find_map(|line| line.strip_prefix("0::/"));
    let own = own.ok_or("this process is in no group of cgroup v2")?;
    let whole = mount.join(own);
    let folders: Vec<&Path> = whole
        .ancestors()
        .take_while(|folder| folder.starts_with(mount))
        .collect();
    let words = |path: PathBuf| fs::read_to_string(path).unwrap_or_default();
    let has_all = |text: &str| {
        CONTROLLERS
            .iter()
            .all(|name| text.split_whitespace().any(|word| word == *name))
    };
    let may_write = |path: &Path| access(path, Access::WRITE_OK).is_ok();
    if !has_all(&words(mount.join("cgroup.controllers"))) {
        return Err("cgroup v2 has no controllers here: version 1 has them".to_owned());
    }
    for folder in folders.into_iter().rev() {
        let control = folder.join("cgroup.subtree_control");
        if !may_write(folder) || !may_write(&folder.join("cgroup.procs")) {
            continue;
        }
        // Only in the highest group there are processes beside groups with limits.
        let is_ready = has_all(&words(control.clone()))
            || folder == mount && fs::write(&control, "+memory +pids").is_ok();
        if is_ready {
            return Ok(folder.to_owned());
        }
    }
    Err("no group with limits is delegated to this user".to_owned())
}

/// Field 22 of `/proc/<process>/stat` (proc(5)): when the process was started.
fn start_time(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(19)?.parse().ok()
}
