//! Writes archives for the kernel's initramfs: cpio in the `newc` format
//! (`Documentation/driver-api/early-userspace/buffer-format.rst`).

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use crate::error::{EntryFault, Error};
use crate::path::TreePath;

const ALIGN: u64 = 4;
const DIRECTORY: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const SYMLINK: u32 = 0o120_000;
const CHAR_DEVICE: u32 = 0o020_000;

/// Writes an initramfs. The bytes depend on the calls alone: everything is owned by root and
/// dated 1970, and inodes are numbered in order.
///
/// The kernel does not create missing parents: add a directory before its content. Several archives
/// may follow each other in one file.
pub struct Initramfs<W: Write> {
    output: W,
    written: u64,
    next_inode: u32,
}

/// The fields of a header that differ between entries.
struct Header<'a> {
    inode: u32,
    mode: u32,
    links: u32,
    size: u32,
    device: (u32, u32),
    name: &'a [u8],
}

impl<W: Write> Initramfs<W> {
    /// Starts an archive.
    pub fn new(output: W) -> Self {
        Self {
            output,
            written: 0,
            next_inode: 1,
        }
    }

    /// Adds a directory with these permission bits.
    ///
    /// # Errors
    /// [`Error::BadEntry`] for a path with `..`, a NUL byte or a name that is too long, and for
    /// the root; [`Error::Write`] when the output takes no more.
    pub fn directory(&mut self, path: impl AsRef<[u8]>, mode: u16) -> Result<(), Error> {
        self.entry(path.as_ref(), DIRECTORY, mode, 2, (0, 0), &[])
    }

    /// Adds a file.
    ///
    /// # Errors
    /// As [`Initramfs::directory`], and [`Error::BadEntry`] for content of 4 GiB or more.
    pub fn file(
        &mut self,
        path: impl AsRef<[u8]>,
        mode: u16,
        content: impl AsRef<[u8]>,
    ) -> Result<(), Error> {
        self.entry(path.as_ref(), FILE, mode, 1, (0, 0), content.as_ref())
    }

    /// Adds a symbolic link.
    ///
    /// # Errors
    /// As [`Initramfs::directory`], and [`Error::BadEntry`] for a target that is empty, longer
    /// than 4095 bytes or has a NUL byte.
    pub fn symlink(
        &mut self,
        path: impl AsRef<[u8]>,
        target: impl AsRef<[u8]>,
    ) -> Result<(), Error> {
        let (path, target) = (path.as_ref(), target.as_ref());
        if target.is_empty() || target.len() > 4095 || target.contains(&0) {
            return Err(Error::entry(path, EntryFault::BadSymlinkTarget));
        }
        self.entry(path, SYMLINK, 0o777, 1, (0, 0), target)
    }

    /// Adds a character device.
    ///
    /// # Errors
    /// As [`Initramfs::directory`], and [`Error::BadEntry`] for a device number that Linux cannot
    /// represent.
    pub fn char_device(
        &mut self,
        path: impl AsRef<[u8]>,
        mode: u16,
        major: u32,
        minor: u32,
    ) -> Result<(), Error> {
        if !crate::tree::device_fits(major, minor) {
            return Err(Error::entry(path.as_ref(), EntryFault::BadDevice));
        }
        self.entry(path.as_ref(), CHAR_DEVICE, mode, 1, (major, minor), &[])
    }

    /// Writes the trailer and returns the output, flushed.
    ///
    /// # Errors
    /// [`Error::Write`] when the output takes no more or cannot be flushed.
    pub fn finish(mut self) -> Result<W, Error> {
        let header = Header {
            inode: 0,
            mode: 0,
            links: 1,
            size: 0,
            device: (0, 0),
            name: b"TRAILER!!!",
        };
        self.write_header(&header)
            .map_err(Error::write("the initramfs"))?;
        self.output.flush().map_err(Error::write("the initramfs"))?;
        Ok(self.output)
    }

    fn entry(
        &mut self,
        path: &[u8],
        format: u32,
        mode: u16,
        links: u32,
        device: (u32, u32),
        content: &[u8],
    ) -> Result<(), Error> {
        let name = TreePath::parse(path)?;
        if name.as_bytes().is_empty() {
            return Err(Error::entry(path, EntryFault::ReplacesRoot));
        }
        let size =
            u32::try_from(content.len()).map_err(|_| Error::entry(path, EntryFault::BadSize))?;
        let mode = format | u32::from(mode & 0o7777);
        let inode = self.next_inode;
        self.next_inode += 1;
        let header = Header {
            inode,
            mode,
            links,
            size,
            device,
            name: name.as_bytes(),
        };
        self.write_header(&header)
            .and_then(|()| self.put(content))
            .and_then(|()| self.align())
            .map_err(Error::write("the initramfs"))
    }

    fn write_header(&mut self, header: &Header<'_>) -> io::Result<()> {
        let fields = [
            header.inode,
            header.mode,
            0, // owner
            0, // group
            header.links,
            0, // time
            header.size,
            0, // device that holds the file
            0,
            header.device.0,
            header.device.1,
            u32::try_from(header.name.len() + 1).unwrap_or(u32::MAX),
            0, // checksum: not in this form
        ];
        let mut text = String::from("070701");
        for field in fields {
            text.push_str(&format!("{field:08x}"));
        }
        self.put(text.as_bytes())?;
        self.put(header.name)?;
        self.put(&[0])?;
        self.align()
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len() as u64;
        self.output.write_all(bytes)
    }

    fn align(&mut self) -> io::Result<()> {
        let padding = self.written.next_multiple_of(ALIGN) - self.written;
        self.put(&[0; 4][..usize::try_from(padding).unwrap_or(0)])
    }
}
