//! Walks the files of a local folder, sorted by name.

use std::collections::HashMap;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::error::{Error, show};
use crate::tree::{Attributes, Timestamp};

/// One file that was found.
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// Name relative to the folder; empty for the folder itself.
    pub(super) name: Vec<u8>,
    pub(super) object: Object,
    metadata: Metadata,
}

/// The type of a file, with what its entry needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Object {
    Directory,
    File,
    /// Another name of a file that was found before.
    Hardlink(Vec<u8>),
    Symlink,
    CharDevice {
        major: u32,
        minor: u32,
    },
    BlockDevice {
        major: u32,
        minor: u32,
    },
    Fifo,
}

/// Walks a folder in the order of the names' bytes, a directory before its content.
pub(super) struct Walk {
    /// Files that are still to be visited, the next one last.
    pending: Vec<(PathBuf, Vec<u8>)>,
    preserve: bool,
    first_names: HashMap<(u64, u64), Vec<u8>>,
}

impl Walk {
    /// Starts at a folder or at a single file. If this is a symbolic link, it is followed.
    pub(super) fn new(source: &Path, preserve: bool) -> Result<Self, Error> {
        let fail = |source_error| Error::Pack {
            path: display(source),
            source: source_error,
        };
        let real = fs::canonicalize(source).map_err(fail)?;
        let name = if fs::metadata(&real).map_err(fail)?.is_dir() {
            Vec::new()
        } else {
            // Use the name that was asked for, not that of the link's target.
            let name = source.file_name().or(real.file_name());
            name.map(|name| name.as_bytes().to_vec())
                .unwrap_or_default()
        };
        refuse_whiteout(source, &name)?;
        Ok(Self {
            pending: vec![(real, name)],
            preserve,
            first_names: HashMap::new(),
        })
    }

    fn visit(&mut self, path: PathBuf, name: Vec<u8>) -> Result<Option<Found>, Error> {
        let fail = |source| Error::Pack {
            path: display(&path),
            source,
        };
        let metadata = fs::symlink_metadata(&path).map_err(fail)?;
        let kind = metadata.file_type();
        let (major, minor) = (
            rustix::fs::major(metadata.rdev()),
            rustix::fs::minor(metadata.rdev()),
        );
        let object = if kind.is_dir() {
            self.push_children(&path, &name)?;
            Object::Directory
        } else if kind.is_symlink() {
            Object::Symlink
        } else if kind.is_file() {
            Object::File
        } else if !self.preserve {
            let reason = "devices, FIFOs and sockets cannot be part of a content layer";
            return Err(Error::Unpackable {
                path: display(&path),
                reason,
            });
        } else if kind.is_socket() {
            return Ok(None);
        } else if kind.is_fifo() {
            Object::Fifo
        } else if kind.is_char_device() {
            Object::CharDevice { major, minor }
        } else {
            Object::BlockDevice { major, minor }
        };
        let object = self.hardlink(&metadata, &name).unwrap_or(object);
        Ok(Some(Found {
            path,
            name,
            object,
            metadata,
        }))
    }

    /// The earlier name of the same file, if hard links are kept.
    fn hardlink(&mut self, metadata: &Metadata, name: &[u8]) -> Option<Object> {
        if !self.preserve || metadata.is_dir() || metadata.nlink() < 2 {
            return None;
        }
        let key = (metadata.dev(), metadata.ino());
        match self.first_names.get(&key) {
            Some(first) => Some(Object::Hardlink(first.clone())),
            None => {
                self.first_names.insert(key, name.to_vec());
                None
            }
        }
    }

    fn push_children(&mut self, path: &Path, name: &[u8]) -> Result<(), Error> {
        let fail = |source| Error::Pack {
            path: display(path),
            source,
        };
        let mut children = Vec::new();
        for entry in fs::read_dir(path).map_err(fail)? {
            let file_name = entry.map_err(fail)?.file_name().into_vec();
            let child = path.join(std::ffi::OsStr::from_bytes(&file_name));
            refuse_whiteout(&child, &file_name)?;
            let name = if name.is_empty() {
                file_name
            } else {
                [name, &b"/"[..], &file_name].concat()
            };
            children.push((child, name));
        }
        children.sort_by(|(_, a), (_, b)| b.cmp(a));
        self.pending.extend(children);
        Ok(())
    }
}

impl Iterator for Walk {
    type Item = Result<Found, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (path, name) = self.pending.pop()?;
            match self.visit(path, name) {
                Ok(None) => {}
                Ok(Some(found)) => return Some(Ok(found)),
                Err(error) => {
                    self.pending.clear();
                    return Some(Err(error));
                }
            }
        }
    }
}

impl Found {
    /// Opens a file; returns it with its length in bytes.
    pub(super) fn open(&self) -> Result<(File, u64), Error> {
        // If the file was replaced since it was found, neither a link nor a FIFO may be opened.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits().cast_signed())
            .open(&self.path)
            .map_err(|e| self.failed(e))?;
        let size = file.metadata().map_err(|e| self.failed(e))?.len();
        Ok((file, size))
    }

    pub(super) fn metadata_mode(&self) -> u32 {
        self.metadata.mode()
    }

    /// The file's own attributes.
    pub(super) fn attributes(&self) -> Result<Attributes, Error> {
        Ok(Attributes {
            mode: u16::try_from(self.metadata.mode() & 0o7777).unwrap_or(0),
            uid: self.metadata.uid(),
            gid: self.metadata.gid(),
            mtime: Timestamp {
                seconds: self.metadata.mtime(),
                nanos: u32::try_from(self.metadata.mtime_nsec()).unwrap_or(0),
            },
            xattrs: self.xattrs().map_err(|e| self.failed(e.into()))?,
        })
    }

    pub(super) fn failed(&self, source: io::Error) -> Error {
        Error::Pack {
            path: display(&self.path),
            source,
        }
    }

    fn xattrs(&self) -> rustix::io::Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let names = match read_sized(|buffer| rustix::fs::llistxattr(&self.path, buffer)) {
            Err(rustix::io::Errno::NOTSUP) => return Ok(Vec::new()),
            other => other?,
        };
        let mut xattrs = Vec::new();
        for name in names.split(|&b| b == 0) {
            if name.is_empty() || name == b"security.selinux" {
                continue;
            }
            match read_sized(|buffer| rustix::fs::lgetxattr(&self.path, name, buffer)) {
                Ok(value) => xattrs.push((name.to_vec(), value)),
                // The attribute was removed since it was listed, or only the kernel can read it.
                Err(rustix::io::Errno::NODATA | rustix::io::Errno::NOTSUP) => {}
                Err(error) => return Err(error),
            }
        }
        xattrs.sort();
        Ok(xattrs)
    }
}

/// Calls with a buffer of the largest size that Linux ever fills.
fn read_sized(
    call: impl FnOnce(&mut [u8]) -> rustix::io::Result<usize>,
) -> rustix::io::Result<Vec<u8>> {
    let mut buffer = vec![0; 64 * 1024];
    let length = call(&mut buffer)?;
    buffer.truncate(length);
    Ok(buffer)
}

fn refuse_whiteout(path: &Path, name: &[u8]) -> Result<(), Error> {
    if name.starts_with(b".wh.") {
        let reason = "a name that starts with `.wh.` would be taken for a whiteout";
        return Err(Error::Unpackable {
            path: display(path),
            reason,
        });
    }
    Ok(())
}

/// A local path as text for messages.
pub(super) fn display(path: &Path) -> String {
    show(path.as_os_str().as_bytes())
}
