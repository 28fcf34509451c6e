//! `rootfs ls` and `rootfs cat`: list and read the files of a disk without mounting it.

use std::fs::File;
use std::path::Path;

use lazaret_rootfs::{DiskReader, Limits, ObjectKind, Stat};
use serde::Serialize;

use crate::Error;

/// Bytes that are handed on at a time.
const PIECE: usize = 1 << 20;

/// One name on a disk. Bytes that are not UTF-8 are replaced.
#[derive(Debug, Clone, Serialize)]
pub struct DiskName {
    /// The absolute path.
    pub path: String,
    /// `directory`, `file`, `symlink`, `char-device`, `block-device`, `fifo` or `socket`.
    pub kind: &'static str,
    /// The permissions, in octal.
    pub mode: String,
    /// User id of the owner.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Number of hard links.
    pub links: u32,
    /// Length in bytes.
    pub size: u64,
    /// Time of the last change of the content, in seconds since 1970.
    pub mtime: i64,
    /// The target of a symbolic link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// `MAJOR:MINOR` of a device node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Names of the extended attributes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub xattrs: Vec<String>,
}

/// Lists all names on a disk in order, or only those at and below one path.
///
/// # Errors
/// [`Error::Disk`] for a file that is not a disk, or a damaged one; [`Error::NotOnDisk`];
/// [`Error::Io`].
pub fn list_disk(disk: &Path, below: Option<&str>) -> Result<Vec<DiskName>, Error> {
    let reader = open(disk)?;
    let wanted = below.unwrap_or_default().trim_matches('/').as_bytes();
    let mut names = Vec::new();
    let walked = reader.walk(|path, stat| {
        let rest = path.strip_prefix(wanted);
        if rest.is_some_and(|rest| wanted.is_empty() || rest.is_empty() || rest.starts_with(b"/")) {
            let target = match stat.kind {
                ObjectKind::Symlink => Some(reader.read_link(stat)?),
                _ => None,
            };
            names.push(name(path, stat, target));
        }
        Ok(())
    });
    walked.map_err(failed(disk))?;
    if names.is_empty() {
        return Err(absent(disk, below.unwrap_or_default()));
    }
    names.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(names)
}

/// Hands the content of a file on a disk to `emit`. Symbolic links are not followed.
///
/// # Errors
/// As [`list_disk`]; also when the path is not a regular file; those of `emit`.
pub fn read_from_disk<E: From<Error> + From<std::io::Error>>(
    disk: &Path,
    path: &str,
    emit: &mut dyn FnMut(&[u8]) -> std::io::Result<()>,
) -> Result<(), E> {
    let reader = open(disk)?;
    let found = reader.lookup(path).map_err(failed(disk))?;
    let stat = found
        .filter(|stat| stat.kind == ObjectKind::File)
        .ok_or_else(|| absent(disk, path))?;
    let mut buffer = vec![0; PIECE];
    let mut at = 0;
    loop {
        let count = reader.read(&stat, at, &mut buffer).map_err(failed(disk))?;
        if count == 0 {
            return Ok(());
        }
        emit(&buffer[..count])?;
        at += count as u64;
    }
}

fn open(disk: &Path) -> Result<DiskReader, Error> {
    let file = File::open(disk).map_err(Error::io("open", disk))?;
    DiskReader::open(file, Limits::default()).map_err(failed(disk))
}

fn failed(disk: &Path) -> impl FnOnce(lazaret_rootfs::Error) -> Error {
    move |source| Error::Disk {
        path: disk.to_owned(),
        source,
    }
}

fn absent(disk: &Path, path: &str) -> Error {
    Error::NotOnDisk {
        disk: disk.to_owned(),
        path: path.to_owned(),
    }
}

fn name(path: &[u8], stat: &Stat, target: Option<Vec<u8>>) -> DiskName {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (kind, device) = match stat.kind {
        ObjectKind::Directory => ("directory", None),
        ObjectKind::File => ("file", None),
        ObjectKind::Symlink => ("symlink", None),
        ObjectKind::CharDevice { major, minor } => ("char-device", Some((major, minor))),
        ObjectKind::BlockDevice { major, minor } => ("block-device", Some((major, minor))),
        ObjectKind::Fifo => ("fifo", None),
        ObjectKind::Socket => ("socket", None),
    };
    let attributes = &stat.attributes;
    DiskName {
        path: format!("/{}", text(path)),
        kind,
        mode: format!("{:04o}", attributes.mode),
        uid: attributes.uid,
        gid: attributes.gid,
        links: stat.links,
        size: stat.size,
        mtime: attributes.mtime.seconds,
        target: target.as_deref().map(text),
        device: device.map(|(major, minor)| format!("{major}:{minor}")),
        xattrs: attributes
            .xattrs
            .iter()
            .map(|(name, _)| text(name))
            .collect(),
    }
}
