//! Mounts artifacts into the workload's root, and finds the folders of disks.

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use lazaret_protocol::ArtifactMount;
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use rustix::mount::MountFlags;

use crate::disks::{self, Access};
use crate::error::{Context as _, Error, Result};
use crate::inroot::{InRoot, checked_target, path_of};
use crate::overlay::{SCRATCH, mount_writable};

/// Folder in which artifact disks are mounted, by serial.
const DISKS: &str = "/mnt/disks";
/// Folder in which the sources of writable folders are mounted, under names without special
/// characters.
const LOWERS: &str = "/mnt/lowers";

/// An artifact whose disk is mounted, and its source on it.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    mount: &'a ArtifactMount,
    target: &'a Path,
    fd: OwnedFd,
    is_folder: bool,
}

/// Mounts the artifacts' disks, each once, and finds the sources on them.
pub(crate) fn open_all(mounts: &[ArtifactMount]) -> Result<Vec<Source<'_>>> {
    let mut mounted = BTreeSet::new();
    let mut sources = Vec::with_capacity(mounts.len());
    for mount in mounts {
        let disk = disk_folder(&mount.serial)?;
        if mounted.insert(mount.serial.as_str()) {
            disks::mount(&mount.serial, None, Access::ReadOnly, &disk)?;
        }
        let target = checked_target(&mount.target)?;
        let refuse = |reason| Error::Refused {
            field: "artifact source",
            value: mount.source.clone(),
            reason,
        };
        let found = match open_source(&disk, &mount.source) {
            Err(Errno::XDEV) => return Err(refuse("it contains `..`")),
            Err(Errno::LOOP) => return Err(refuse("it is, or passes, a symbolic link")),
            found => found,
        };
        let (fd, is_folder) = found.context(|| {
            format!(
                "find `{}` on artifact disk `{}`",
                mount.source, mount.serial
            )
        })?;
        sources.push(Source {
            mount,
            target,
            fd,
            is_folder,
        });
    }
    Ok(sources)
}

/// Makes the image's volumes writable in a read-only root: memory over what the image has there.
pub(crate) fn mount_volumes(root: &InRoot, volumes: &[String]) -> Result<()> {
    for (index, volume) in volumes.iter().enumerate() {
        let target = root
            .make_folder(&Path::new("/").join(volume))
            .context(|| format!("find the volume `{volume}`"))?;
        let state = Path::new(SCRATCH).join("volumes").join(index.to_string());
        let lower = Path::new(LOWERS).join(format!("volume{index}"));
        for folder in [&state, &lower] {
            std::fs::create_dir_all(folder).context(|| format!("make {}", folder.display()))?;
        }
        rustix::mount::mount_bind(path_of(&target), &lower)
            .context(|| format!("bind `{volume}`"))?;
        mount_writable(&lower, &state, &path_of(&target))?;
    }
    Ok(())
}

impl Source<'_> {
    /// Opens the mount point, which has the type of the source, and makes it when missing.
    pub(crate) fn make_target(&self, root: &InRoot) -> Result<OwnedFd> {
        let target = &self.mount.target;
        let found = if self.is_folder {
            root.make_folder(self.target)
        } else {
            root.make_file(self.target)
        };
        let mismatch = |source_type, found| Error::MountType {
            source_type,
            origin: self.mount.source.clone(),
            target: target.clone(),
            found,
        };
        if self.is_folder && found.as_ref().is_err_and(|error| *error == Errno::NOTDIR) {
            return Err(mismatch("folder", "a file"));
        }
        if found.as_ref().is_err_and(|error| *error == Errno::EXIST) {
            return Err(Error::DanglingLink {
                target: target.clone(),
            });
        }
        let found = found.context(|| format!("make the mount point `{target}`"))?;
        let is_folder = is_folder(&found).context(|| format!("read `{target}`"))?;
        if is_folder && !self.is_folder {
            return Err(mismatch("file", "a folder"));
        }
        Ok(found)
    }

    /// The path of the mount point.
    pub(crate) fn target(&self) -> &Path {
        self.target
    }

    /// Mounts it. What is written to it is kept under `index`, its position among all artifacts.
    pub(crate) fn mount(&self, root: &InRoot, index: usize) -> Result<()> {
        let target = self.make_target(root)?;
        if self.mount.read_only {
            return self.bind_read_only(root, &target);
        }
        let state = Path::new(SCRATCH).join("mounts").join(index.to_string());
        std::fs::create_dir_all(&state).context(|| format!("make {}", state.display()))?;
        if self.is_folder {
            self.overlay(&state, &target, index)
        } else {
            self.copy(&state.join("file"), &target)
        }
    }

    fn bind_read_only(&self, root: &InRoot, target: &OwnedFd) -> Result<()> {
        bind(&path_of(&self.fd), target, &self.mount.target)?;
        make_read_only(root, self.target)
    }

    fn overlay(&self, state: &Path, target: &OwnedFd, index: usize) -> Result<()> {
        let lower = Path::new(LOWERS).join(index.to_string());
        std::fs::create_dir_all(&lower).context(|| format!("make {}", lower.display()))?;
        rustix::mount::mount_bind(path_of(&self.fd), &lower)
            .context(|| format!("bind `{}`", self.mount.source))?;
        mount_writable(&lower, state, &path_of(target))
    }

    fn copy(&self, copy: &Path, target: &OwnedFd) -> Result<()> {
        // A machine that is started again keeps its earlier writes.
        if !copy.exists() {
            let origin = path_of(&self.fd);
            std::fs::copy(&origin, copy)
                .and_then(|_| std::fs::metadata(&origin))
                .and_then(|like| std::os::unix::fs::chown(copy, Some(like.uid()), Some(like.gid())))
                .context(|| format!("copy `{}`", self.mount.source))?;
        }
        bind(copy, target, &self.mount.target)
    }
}

/// Refuses writes through the mount at `target`, whatever it is a mount of.
pub(crate) fn make_read_only(root: &InRoot, target: &Path) -> Result<()> {
    // A descriptor from before the mount refers to the covered object; open the one on top.
    let on_top = root
        .open(target)
        .context(|| format!("open `{}`", target.display()))?;
    let flags = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOATIME;
    rustix::mount::mount_remount(path_of(&on_top), flags, c"")
        .context(|| format!("make `{}` read-only", target.display()))
}

pub(crate) fn bind(origin: &Path, target: &OwnedFd, name: &str) -> Result<()> {
    rustix::mount::mount_bind(origin, path_of(target)).context(|| format!("mount `{name}`"))
}

/// Opens the source on its disk: no `..`, no symbolic link anywhere along the path.
fn open_source(disk: &Path, source: &str) -> Result<(OwnedFd, bool), Errno> {
    let source = Path::new(source);
    if source
        .components()
        .any(|part| part == std::path::Component::ParentDir)
    {
        return Err(Errno::XDEV);
    }
    let relative = source.strip_prefix("/").unwrap_or(source);
    let relative = if relative.as_os_str().is_empty() {
        Path::new(".")
    } else {
        relative
    };
    let disk = rustix::fs::open(disk, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let fd = rustix::fs::openat2(&disk, relative, flags, Mode::empty(), resolve)?;
    let is_folder = is_folder(&fd)?;
    Ok((fd, is_folder))
}

fn is_folder(fd: &OwnedFd) -> Result<bool, Errno> {
    Ok(FileType::from_raw_mode(rustix::fs::fstat(fd)?.st_mode) == FileType::Directory)
}

/// The folder in which the disk with this serial is mounted.
pub(crate) fn disk_folder(serial: &str) -> Result<PathBuf> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if serial.is_empty() || !serial.chars().all(plain) {
        return Err(Error::Refused {
            field: "serial",
            value: serial.to_owned(),
            reason: "a serial consists of letters, digits, `-` and `_`",
        });
    }
    Ok(Path::new(DISKS).join(serial))
}

#[cfg(test)]
mod tests;
