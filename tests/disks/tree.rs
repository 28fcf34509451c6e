//! Reads everything that `stat`, `readlink`, `getxattr` and `read` return for the files below a
//! folder.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use lazaret_oci::Digest;

/// The attributes and content of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// Type and permissions.
    pub(super) mode: u32,
    pub(super) owner: (u32, u32),
    pub(super) mtime: (i64, i64),
    /// The digest of a file's content, the target of a link, or the number of a device.
    pub(super) content: String,
    pub(super) size: u64,
    pub(super) xattrs: Vec<(String, Vec<u8>)>,
    /// All names (hard links) of the file, in order.
    pub(super) names: Vec<Vec<u8>>,
}

/// The files below a folder, by path; the folder itself has the empty path.
pub(super) type Tree = BTreeMap<Vec<u8>, Seen>;

pub(super) fn read(root: &Path) -> Tree {
    let mut names: HashMap<u64, Vec<Vec<u8>>> = HashMap::new();
    let mut found = BTreeMap::new();
    let mut pending = vec![root.to_owned()];
    while let Some(path) = pending.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let kind = metadata.file_type();
        let mut size = metadata.size();
        let content = if kind.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
            // Each file system computes the size of folders differently.
            size = 0;
            String::new()
        } else if kind.is_file() {
            Digest::of(&fs::read(&path).unwrap()).to_string()
        } else if kind.is_symlink() {
            format!("{:?}", fs::read_link(&path).unwrap())
        } else {
            metadata.rdev().to_string()
        };
        let name = relative(root, &path);
        let inode = metadata.ino();
        if !kind.is_dir() {
            names.entry(inode).or_default().push(name.clone());
        }
        let seen = Seen {
            mode: metadata.mode(),
            owner: (metadata.uid(), metadata.gid()),
            mtime: (metadata.mtime(), metadata.mtime_nsec()),
            content,
            size,
            xattrs: xattrs(&path),
            names: Vec::new(),
        };
        found.insert(name, (inode, seen));
    }
    for names in names.values_mut() {
        names.sort();
    }
    let files = found.into_iter().map(|(name, (inode, mut seen))| {
        seen.names = names.get(&inode).cloned().unwrap_or_default();
        (name, seen)
    });
    files.collect()
}

fn relative(root: &Path, path: &Path) -> Vec<u8> {
    let path: PathBuf = path.strip_prefix(root).unwrap().into();
    path.as_os_str().as_bytes().to_vec()
}

fn xattrs(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut buffer = vec![0; 65_536];
    let length = rustix::fs::llistxattr(path, &mut buffer[..]).unwrap_or(0);
    let names = buffer[..length].split(|&byte| byte == 0);
    let mut xattrs: Vec<_> = names
        .filter(|name| !name.is_empty())
        .map(|name| {
            let mut value = vec![0; 65_536];
            let length = rustix::fs::lgetxattr(path, name, &mut value[..]).unwrap();
            value.truncate(length);
            (String::from_utf8_lossy(name).into_owned(), value)
        })
        .collect();
    xattrs.sort();
    xattrs
}
