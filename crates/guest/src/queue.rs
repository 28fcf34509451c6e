//! A bounded queue of bytes that wait to be written to a descriptor.

use std::os::fd::AsFd;

use rustix::io::Errno;

/// Bytes that wait to be written. The limit is soft: the caller checks
/// [`ByteQueue::has_room`] and may then append one more piece.
///
/// The memory is kept: under emulation new memory costs more than the copy of bytes into it, as each
/// of its pages is a fault.
#[derive(Debug)]
pub(crate) struct ByteQueue {
    bytes: Vec<u8>,
    /// Number of bytes at the front that are written.
    written: usize,
    limit: usize,
}

impl ByteQueue {
    /// An empty queue that has room until it holds `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            written: 0,
            limit,
        }
    }

    /// Whether another piece may be appended.
    pub(crate) fn has_room(&self) -> bool {
        self.front().len() < self.limit
    }

    /// Whether the queue is empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.front().is_empty()
    }

    /// The end of the queue, to which the caller appends.
    pub(crate) fn tail(&mut self) -> &mut Vec<u8> {
        // The written front may be as long as what waits, so that moving that to the front costs
        // no more than its way through the queue did.
        if self.written > 0 && self.written >= self.front().len() {
            self.bytes.drain(..self.written);
            self.written = 0;
        }
        &mut self.bytes
    }

    /// Writes to a non-blocking descriptor until the queue is empty, the descriptor accepts no
    /// more, or a number of writes is reached that lets others have their turn.
    pub(crate) fn write_to(&mut self, fd: impl AsFd) -> Result<(), Errno> {
        const WRITES_PER_TURN: usize = 16;
        for _ in 0..WRITES_PER_TURN {
            if self.is_empty() {
                return Ok(());
            }
            match rustix::io::write(&fd, self.front()) {
                Ok(written) => self.advance(written),
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The bytes to write next.
    fn front(&self) -> &[u8] {
        self.bytes.get(self.written..).unwrap_or_default()
    }

    /// Removes the first `written` bytes.
    fn advance(&mut self, written: usize) {
        self.written += written;
        if self.is_empty() {
            self.bytes.clear();
            self.written = 0;
        }
    }
}

#[cfg(test)]
mod tests;
