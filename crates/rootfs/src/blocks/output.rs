//! The disk image file: contiguous writes are joined into large ones.

use std::fs::File;
use std::os::unix::fs::FileExt;

use rustix::fs::{FallocateFlags, fallocate};

use super::BLOCK_U64;
use super::writeback::Writeback;
use crate::error::Error;

const BUFFER: usize = 1 << 20;

pub(crate) struct Output {
    file: File,
    buffer: Vec<u8>,
    /// Where the buffer belongs, in bytes of the disk.
    start: u64,
    /// Bytes of the disk behind its first block that are in other files.
    elsewhere: u64,
    writeback: Writeback,
}

impl Output {
    /// Empties the file, so that whatever is not written reads as zeros.
    pub(super) fn create(file: File, elsewhere: u64) -> Result<Self, Error> {
        file.set_len(0).map_err(Error::write("the disk"))?;
        Ok(Self {
            file,
            buffer: Vec::with_capacity(BUFFER),
            start: 0,
            elsewhere: elsewhere * BLOCK_U64,
            writeback: Writeback::default(),
        })
    }

    /// Where a byte of the disk is in the file.
    fn place(&self, offset: u64) -> u64 {
        if offset < BLOCK_U64 {
            offset
        } else {
            offset - self.elsewhere
        }
    }

    /// Writes at a byte offset.
    pub(crate) fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<(), Error> {
        let joins = offset == self.start + self.buffer.len() as u64;
        if !joins || self.buffer.len() + data.len() > BUFFER {
            self.flush()?;
            self.start = offset;
        }
        if data.len() >= BUFFER {
            self.start = offset + data.len() as u64;
            return self
                .file
                .write_all_at(data, self.place(offset))
                .and_then(|()| self.writeback.wrote(&self.file, data.len()))
                .map_err(Error::write("the disk"));
        }
        self.buffer.extend_from_slice(data);
        Ok(())
    }

    pub(crate) fn write_block(&mut self, block: u64, data: &[u8]) -> Result<(), Error> {
        self.write_at(block * BLOCK_U64, data)
    }

    pub(super) fn flush(&mut self) -> Result<(), Error> {
        self.file
            .write_all_at(&self.buffer, self.place(self.start))
            .and_then(|()| self.writeback.wrote(&self.file, self.buffer.len()))
            .map_err(Error::write("the disk"))?;
        self.start += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Makes blocks that were written read as zeros again, and frees their room on the host.
    pub(super) fn zero_blocks(&mut self, start: u64, count: u64) -> Result<(), Error> {
        self.flush()?;
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        let place = self.place(start * BLOCK_U64);
        if fallocate(&self.file, flags, place, count * BLOCK_U64).is_ok() {
            return Ok(());
        }
        // Not every host file system can punch holes; zeros do as well.
        let zeros = vec![0; BUFFER];
        let (mut at, end) = (start * BLOCK_U64, (start + count) * BLOCK_U64);
        while at < end {
            let length = usize::try_from(end - at).map_or(BUFFER, |left| left.min(BUFFER));
            self.write_at(at, &zeros[..length])?;
            at += length as u64;
        }
        self.flush()
    }

    /// Writes what is pending and gives the file its final length.
    pub(crate) fn finish(mut self, blocks: u64) -> Result<(), Error> {
        self.flush()?;
        self.file
            .set_len(blocks * BLOCK_U64 - self.elsewhere)
            .and_then(|()| self.writeback.finish())
            .map_err(Error::write("the disk"))
    }
}
