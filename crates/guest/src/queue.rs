//! A bounded queue of bytes that wait to be written to a descriptor.

use std::collections::VecDeque;
use std::os::fd::AsFd;

use rustix::io::Errno;

/// Bytes that wait to be written. The limit is soft: the caller checks
/// [`ByteQueue::has_room`] and may then push one more piece.
#[derive(Debug)]
pub(crate) struct ByteQueue {
    pieces: VecDeque<Vec<u8>>,
    written_of_first: usize,
    bytes: usize,
    limit: usize,
}

impl ByteQueue {
    /// An empty queue that has room until it holds `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            pieces: VecDeque::new(),
            written_of_first: 0,
            bytes: 0,
            limit,
        }
    }

    /// Whether another piece may be pushed.
    pub(crate) fn has_room(&self) -> bool {
        self.bytes < self.limit
    }

    /// Whether the queue is empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Appends a piece.
    pub(crate) fn push(&mut self, piece: Vec<u8>) {
        if !piece.is_empty() {
            self.bytes += piece.len();
            self.pieces.push_back(piece);
        }
    }

    /// Writes to a non-blocking descriptor until the queue is empty, the descriptor accepts no
    /// more, or a number of writes is reached that lets others have their turn.
    pub(crate) fn write_to(&mut self, fd: impl AsFd) -> Result<(), Errno> {
        const WRITES_PER_TURN: usize = 16;
        for _ in 0..WRITES_PER_TURN {
            let Some(piece) = self.front() else {
                return Ok(());
            };
            match rustix::io::write(&fd, piece) {
                Ok(written) => self.advance(written),
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The bytes to write next.
    fn front(&self) -> Option<&[u8]> {
        self.pieces.front()?.get(self.written_of_first..)
    }

    /// Removes the first `written` bytes.
    fn advance(&mut self, written: usize) {
        self.written_of_first += written;
        self.bytes = self.bytes.saturating_sub(written);
        if self
            .pieces
            .front()
            .is_some_and(|piece| piece.len() <= self.written_of_first)
        {
            self.pieces.pop_front();
            self.written_of_first = 0;
        }
    }
}

#[cfg(test)]
mod tests;
