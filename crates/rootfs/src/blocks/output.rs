//! The file of a disk image; joins contiguous writes into large ones.

use std::fs::File;
use std::os::unix::fs::FileExt;

use rustix::fs::{FallocateFlags, fallocate};

use super::unit::BLOCK_U64;
use super::writer::{BUFFER, Buffer, Writer};
use crate::error::Error;

pub(crate) struct Output {
    file: File,
    buffer: Buffer,
    /// Offset on the disk at which the buffer belongs, in bytes.
    start: u64,
    /// Bytes of the disk, after its first block, that are in other files.
    elsewhere: u64,
    /// The writer thread, started when the first buffer is full, so that a small disk needs no
    /// thread.
    writer: Option<Writer>,
}

impl Output {
    /// Empties the file, so that everything that is not written reads as zeros.
    pub(super) fn create(file: File, elsewhere: u64) -> Result<Self, Error> {
        file.set_len(0).map_err(Error::write("the disk"))?;
        Ok(Self {
            file,
            buffer: Buffer::new(),
            start: 0,
            elsewhere: elsewhere * BLOCK_U64,
            writer: None,
        })
    }

    /// The offset in the file of a byte of the disk.
    fn place(&self, offset: u64) -> u64 {
        if offset < BLOCK_U64 {
            offset
        } else {
            offset - self.elsewhere
        }
    }

    /// Writes data at an offset of the disk in bytes.
    pub(crate) fn write_at(&mut self, offset: u64, mut data: &[u8]) -> Result<(), Error> {
        if offset != self.start + self.buffer.length() as u64 {
            self.flush()?;
            self.start = offset;
        }
        loop {
            data = self.buffer.fill(data);
            if data.is_empty() {
                return Ok(());
            }
            if self.writer.is_none() {
                let writer = Writer::start(&self.file).map_err(Error::write("the disk"))?;
                self.writer = Some(writer);
            }
            self.flush()?;
        }
    }

    pub(crate) fn write_block(&mut self, block: u64, data: &[u8]) -> Result<(), Error> {
        self.write_at(block * BLOCK_U64, data)
    }

    fn flush(&mut self) -> Result<(), Error> {
        let length = self.buffer.length() as u64;
        let at = self.place(self.start);
        self.start += length;
        let Some(writer) = self.writer.as_ref().filter(|_| length > 0) else {
            let written = self.file.write_all_at(self.buffer.content(), at);
            self.buffer.clear();
            return written.map_err(Error::write("the disk"));
        };
        if writer.write(&mut self.buffer, at) {
            Ok(())
        } else {
            self.join()
        }
    }

    /// Waits until all that was given is in the file.
    fn settle(&mut self) -> Result<(), Error> {
        self.flush()?;
        self.join()
    }

    /// Ends the writer thread and returns its error, if any.
    fn join(&mut self) -> Result<(), Error> {
        let ended = self.writer.take().map_or(Ok(()), Writer::finish);
        ended.map_err(Error::write("the disk"))
    }

    /// Makes written blocks read as zeros again, and frees their space on the host.
    pub(super) fn zero_blocks(&mut self, start: u64, count: u64) -> Result<(), Error> {
        self.settle()?;
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        let place = self.place(start * BLOCK_U64);
        if fallocate(&self.file, flags, place, count * BLOCK_U64).is_ok() {
            return Ok(());
        }
        // Not every host file system can punch holes; written zeros read the same.
        let zeros = vec![0; BUFFER];
        let (mut at, end) = (start * BLOCK_U64, (start + count) * BLOCK_U64);
        while at < end {
            let length = usize::try_from(end - at).map_or(BUFFER, |left| left.min(BUFFER));
            self.write_at(at, &zeros[..length])?;
            at += length as u64;
        }
        self.settle()
    }

    /// Writes what is pending and gives the file its final length.
    pub(crate) fn finish(mut self, blocks: u64) -> Result<(), Error> {
        self.settle()?;
        self.file
            .set_len(blocks * BLOCK_U64 - self.elsewhere)
            .map_err(Error::write("the disk"))
    }
}
