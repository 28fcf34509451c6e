//! Writes a file on a separate thread, with direct I/O.
//!
//! A disk is written once and read only in part by a machine, so that caching it would cost more
//! than writing it. Writes of partial blocks, and file systems without direct I/O, use the page
//! cache.

#[cfg(test)]
mod tests;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use rustix::fs::OFlags;

use super::unit::BLOCK;

/// Size of one buffer in bytes.
pub(super) const BUFFER: usize = 1 << 20;
/// Number of buffers that may wait to be written.
const WAITING: usize = 3;
/// Smallest direct write in bytes; shorter writes go through the page cache, which gathers them.
const DIRECT_MIN: usize = 64 << 10;

/// Bytes for one offset of a file, in memory that is aligned for direct I/O.
pub(super) struct Buffer {
    memory: Vec<u8>,
    start: usize,
    length: usize,
}

impl Buffer {
    pub(super) fn new() -> Self {
        let memory = vec![0; BUFFER + BLOCK];
        let start = memory.as_ptr().align_offset(BLOCK).min(BLOCK);
        Self {
            memory,
            start,
            length: 0,
        }
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Appends as many bytes as there is room for, and returns the rest.
    pub(super) fn fill<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (now, later) = bytes.split_at(bytes.len().min(BUFFER - self.length));
        let at = self.start + self.length;
        self.memory[at..at + now.len()].copy_from_slice(now);
        self.length += now.len();
        later
    }

    pub(super) fn content(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.length]
    }

    pub(super) fn clear(&mut self) {
        self.length = 0;
    }
}

/// Writes buffers in the order in which it receives them.
pub(super) struct Writer {
    full: Sender<(Buffer, u64)>,
    spent: Receiver<Buffer>,
    thread: JoinHandle<io::Result<()>>,
}

impl Writer {
    pub(super) fn start(file: &File) -> io::Result<Self> {
        let cached = file.try_clone()?;
        let direct = direct(file);
        let (full, waiting) = channel::<(Buffer, u64)>();
        let (free, spent) = channel();
        for _ in 0..WAITING {
            // This cannot fail: the receiver is on this stack.
            let _ = free.send(Buffer::new());
        }
        let work = move || {
            for (mut buffer, at) in waiting {
                write(&cached, direct.as_ref(), buffer.content(), at)?;
                buffer.clear();
                // At the end there is no receiver any more.
                let _ = free.send(buffer);
            }
            Ok(())
        };
        let thread = std::thread::Builder::new().name("writer".into());
        Ok(Self {
            full,
            spent,
            thread: thread.spawn(work)?,
        })
    }

    /// Queues a buffer to be written, and puts an empty one in its place; false if the thread has
    /// failed.
    pub(super) fn write(&self, buffer: &mut Buffer, at: u64) -> bool {
        let Ok(spent) = self.spent.recv() else {
            return false;
        };
        let full = std::mem::replace(buffer, spent);
        self.full.send((full, at)).is_ok()
    }

    /// Waits until everything is written.
    pub(super) fn finish(self) -> io::Result<()> {
        drop(self.full);
        self.thread
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the thread that writes the disk panicked")))
    }
}

/// The same file opened for direct I/O, if its file system supports it.
fn direct(file: &File) -> Option<File> {
    let flags = i32::try_from(OFlags::DIRECT.bits()).ok()?;
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    OpenOptions::new()
        .write(true)
        .custom_flags(flags)
        .open(path)
        .ok()
}

fn write(cached: &File, direct: Option<&File>, bytes: &[u8], at: u64) -> io::Result<()> {
    let is_whole = bytes.len().is_multiple_of(BLOCK) && at.is_multiple_of(BLOCK as u64);
    match direct {
        Some(direct) if is_whole && bytes.len() >= DIRECT_MIN => {
            match direct.write_all_at(bytes, at) {
                // The file system has larger blocks, or a write stopped within a block.
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                    cached.write_all_at(bytes, at)
                }
                result => result,
            }
        }
        _ => cached.write_all_at(bytes, at),
    }
}
