//! The files of an image as the kernel, or else `debugfs`, sees them.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::process::Command;

use super::TestDisk;
use crate::FileSystem;

/// One file as it is seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The type, as `ls -l` shows it.
    pub(crate) kind: char,
    pub(crate) mode: u32,
    pub(crate) owner: (u32, u32),
    pub(crate) mtime: (i64, u32),
    /// A file's content, a symbolic link's target, a device's numbers.
    pub(crate) content: Vec<u8>,
    pub(crate) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// The first name, in order, of the same file.
    pub(crate) first_name: Vec<u8>,
}

/// Everything in an image except `lost+found`.
#[derive(Debug)]
pub(crate) struct Dump {
    pub(crate) files: BTreeMap<Vec<u8>, Seen>,
    /// Whether the kernel was asked. Otherwise owners, times, devices, attributes and hard links
    /// are not known.
    pub(crate) exact: bool,
}

impl Dump {
    /// The dump of a disk and its twins, if any, which must be equal.
    #[track_caller]
    pub(crate) fn of(disk: &TestDisk) -> Self {
        let dump = Self::one(disk);
        let mut next = &disk.twin;
        for name in ["EROFS", "merged layers", "compressed"] {
            if let Some(disk) = next {
                let twin = Self::one(disk);
                if dump.exact && twin.exact {
                    assert_eq!(twin.files, dump.files, "{name} differs from ext4");
                }
                next = &disk.twin;
            }
        }
        dump
    }

    fn one(disk: &TestDisk) -> Self {
        let point = disk.folder().join("mounted");
        fs::create_dir(&point).unwrap();
        let mounted = mount(&disk.path, &point, "loop,ro");
        let root = if mounted {
            point.clone()
        } else {
            let root = disk.folder().join("extracted");
            fs::create_dir(&root).unwrap();
            match disk.file_system {
                FileSystem::Ext4 => drop(disk.debugfs(&format!("rdump / {}", root.display()))),
                FileSystem::Erofs => disk.extract(&root),
            }
            root
        };
        let result = std::panic::catch_unwind(|| walk(&root));
        if mounted {
            unmount(&point);
        }
        fs::remove_dir(&point).unwrap();
        let mut files = result.unwrap();
        files.remove(&b"lost+found"[..]);
        Self {
            files,
            exact: mounted,
        }
    }

    #[track_caller]
    pub(crate) fn get(&self, path: impl AsRef<[u8]>) -> &Seen {
        self.files.get(path.as_ref()).expect("the file must exist")
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let names = self.files.keys().filter(|name| !name.is_empty());
        names
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect()
    }
}

pub(crate) fn mount(image: &Path, point: &Path, options: &str) -> bool {
    let mut command = Command::new("mount");
    command
        .args(["-t", "ext4,erofs", "-o", options])
        .arg(image)
        .arg(point);
    rustix::process::geteuid().is_root() && command.output().is_ok_and(|o| o.status.success())
}

/// Unmounts, with retries: a test that forks at this moment holds our descriptors until it
/// executes.
pub(crate) fn unmount(point: &Path) {
    let mut message = String::new();
    for _ in 0..100 {
        let output = Command::new("umount").arg(point).output().unwrap();
        if output.status.success() {
            return;
        }
        message = String::from_utf8_lossy(&output.stderr).into_owned();
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("{message}");
}

fn walk(root: &Path) -> BTreeMap<Vec<u8>, Seen> {
    let mut files = BTreeMap::new();
    let mut pending = vec![root.to_owned()];
    while let Some(path) = pending.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let kind = metadata.file_type();
        let mut content = Vec::new();
        let kind = if kind.is_dir() {
            for entry in fs::read_dir(&path).unwrap() {
                pending.push(entry.unwrap().path());
            }
            'd'
        } else if kind.is_file() {
            content = fs::read(&path).unwrap();
            '-'
        } else if kind.is_symlink() {
            content = fs::read_link(&path)
                .unwrap()
                .as_os_str()
                .as_bytes()
                .to_vec();
            'l'
        } else if kind.is_fifo() {
            'p'
        } else {
            let device = metadata.rdev();
            let numbers = (rustix::fs::major(device), rustix::fs::minor(device));
            content = format!("{}:{}", numbers.0, numbers.1).into_bytes();
            if kind.is_char_device() { 'c' } else { 'b' }
        };
        let name = path
            .strip_prefix(root)
            .unwrap()
            .as_os_str()
            .as_bytes()
            .to_vec();
        let seen = Seen {
            kind,
            mode: metadata.mode() & 0o7777,
            owner: (metadata.uid(), metadata.gid()),
            mtime: (
                metadata.mtime(),
                u32::try_from(metadata.mtime_nsec()).unwrap(),
            ),
            content,
            xattrs: xattrs(&path),
            first_name: metadata.ino().to_le_bytes().to_vec(),
        };
        files.insert(name, seen);
    }
    let mut first_names = HashMap::new();
    for (name, seen) in &mut files {
        let inode = std::mem::take(&mut seen.first_name);
        seen.first_name = first_names
            .entry(inode)
            .or_insert_with(|| name.clone())
            .clone();
    }
    files
}

fn xattrs(path: &Path) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut buffer = vec![0; 65536];
    let length = rustix::fs::llistxattr(path, &mut buffer[..]).unwrap_or(0);
    let names = buffer[..length]
        .split(|&b| b == 0)
        .filter(|name| !name.is_empty());
    let mut xattrs: Vec<_> = names
        .map(|name| {
            let mut value = vec![0; 65536];
            let length = rustix::fs::lgetxattr(path, name, &mut value[..]).unwrap();
            (name.to_vec(), value[..length].to_vec())
        })
        .collect();
    xattrs.sort();
    xattrs
}
