//! Bytes between a session, which waits without blocking, and work that blocks.

use std::io::{self, Read, Write};

use tokio::sync::mpsc;

/// Number of bytes that go at a time, and of pieces that may wait.
const PIECE_BYTES: usize = 64 * 1024;
const PIECES: usize = 8;

/// A pipe from a session to work that blocks.
pub(super) fn inward() -> (mpsc::Sender<Vec<u8>>, Pieces) {
    let (sender, receiver) = mpsc::channel(PIECES);
    let (piece, taken) = (Vec::new(), 0);
    let pieces = Pieces {
        receiver,
        piece,
        taken,
    };
    (sender, pieces)
}

/// A pipe from work that blocks to a session.
pub(super) fn outward() -> (Gathered, mpsc::Receiver<Vec<u8>>) {
    let (sender, receiver) = mpsc::channel(PIECES);
    let piece = Vec::with_capacity(PIECE_BYTES);
    (Gathered { sender, piece }, receiver)
}

/// Reads what a session has sent; it ends when the sender is dropped.
#[derive(Debug)]
pub(super) struct Pieces {
    receiver: mpsc::Receiver<Vec<u8>>,
    piece: Vec<u8>,
    taken: usize,
}

impl Pieces {
    /// The next piece.
    pub(super) fn next(&mut self) -> Option<Vec<u8>> {
        self.receiver.blocking_recv()
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.piece.len() {
            let Some(piece) = self.next() else {
                return Ok(0);
            };
            (self.piece, self.taken) = (piece, 0);
        }
        let mut rest = &self.piece[self.taken..];
        let read = rest.read(buffer)?;
        self.taken += read;
        Ok(read)
    }
}

/// Gathers bytes for a session. What was not flushed is lost.
#[derive(Debug)]
pub(super) struct Gathered {
    sender: mpsc::Sender<Vec<u8>>,
    piece: Vec<u8>,
}

impl Write for Gathered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = PIECE_BYTES.saturating_sub(self.piece.len());
        let taken = bytes.len().min(room);
        self.piece.extend_from_slice(&bytes[..taken]);
        if self.piece.len() == PIECE_BYTES {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE_BYTES));
        let sent = self.sender.blocking_send(piece);
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
