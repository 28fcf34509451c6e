//! One stream of one session, on the sending and on the receiving side.

use std::collections::VecDeque;

use crate::kind::PIECE_BYTES;
use crate::stream::WINDOW_BYTES;

/// Most bytes that a sender queues: one piece is written while the next is made.
const QUEUE_BYTES: usize = 2 * PIECE_BYTES;

/// Number of bytes that a receiver reads before it gives credit. This never delays a sender:
/// three quarters of the window are open while nothing is held.
const CREDIT_STEP: usize = WINDOW_BYTES / 4;

/// The rule that the peer broke on a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Violation {
    WindowExceeded,
    AfterEnd,
    CreditExceeded,
}

/// The state of the end of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    /// The writer has ended the stream; the peer does not know yet.
    Ending,
    Ended,
}

/// The sending side of a stream.
#[derive(Debug)]
pub(super) struct Outgoing {
    queue: VecDeque<u8>,
    /// Number of bytes that may still be sent, including those in the queue.
    credit: usize,
    end: End,
}

impl Outgoing {
    pub(super) fn new() -> Self {
        Self {
            queue: VecDeque::new(),
            credit: WINDOW_BYTES,
            end: End::Open,
        }
    }

    /// A stream that its reader has ended: nothing is to be sent.
    pub(super) fn ended() -> Self {
        Self {
            end: End::Ended,
            ..Self::new()
        }
    }

    /// Number of bytes that can be written now.
    pub(super) fn room(&self) -> usize {
        match self.end {
            End::Open => self
                .credit
                .min(QUEUE_BYTES)
                .saturating_sub(self.queue.len()),
            End::Ending | End::Ended => 0,
        }
    }

    /// Queues as many bytes as there is room for; returns their number.
    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        let written = bytes.len().min(self.room());
        self.queue.extend(&bytes[..written]);
        written
    }

    pub(super) fn end(&mut self) {
        if self.end == End::Open {
            self.end = End::Ending;
        }
    }

    /// Accepts no more bytes; another message reports the end.
    pub(super) fn close(&mut self) {
        if self.end == End::Open {
            self.end = End::Ended;
        }
    }

    pub(super) fn grant(&mut self, count: usize) -> Result<(), Violation> {
        let credit = self.credit.saturating_add(count);
        if credit > WINDOW_BYTES {
            return Err(Violation::CreditExceeded);
        }
        self.credit = credit;
        Ok(())
    }

    /// Whether a piece, or the end, can be sent.
    pub(super) fn is_ready(&self) -> bool {
        !self.queue.is_empty() || self.end == End::Ending
    }

    /// Length of the next piece in bytes, and whether the stream ends with it; [`Outgoing::send`]
    /// must follow.
    pub(super) fn next_piece(&mut self) -> (usize, bool) {
        let length = self.queue.len().min(PIECE_BYTES);
        let is_last = self.end == End::Ending && length == self.queue.len();
        if is_last {
            self.end = End::Ended;
        }
        (length, is_last)
    }

    /// Moves the first `length` bytes of the queue to `wire`.
    pub(super) fn send(&mut self, length: usize, wire: &mut Vec<u8>) {
        move_front(&mut self.queue, length, wire);
        self.credit -= length;
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.queue.len()
    }
}

/// The receiving side of a stream.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    held: VecDeque<u8>,
    /// Number of bytes that were read and for which no credit was given yet.
    owed: usize,
    has_ended: bool,
    /// Whether the reader has gone.
    is_discarded: bool,
}

impl Incoming {
    /// Takes a frame's payload; returns the number of its bytes that are held.
    pub(super) fn receive(&mut self, bytes: &[u8], is_last: bool) -> Result<usize, Violation> {
        if self.has_ended {
            return Err(Violation::AfterEnd);
        }
        if self.held.len() + self.owed + bytes.len() > WINDOW_BYTES {
            return Err(Violation::WindowExceeded);
        }
        self.has_ended = is_last;
        if self.is_discarded {
            self.owed += bytes.len();
            return Ok(0);
        }
        self.held.extend(bytes);
        Ok(bytes.len())
    }

    /// The bytes to read next: only the first part when the queue has two.
    pub(super) fn front(&self) -> &[u8] {
        self.held.as_slices().0
    }

    /// Records that the first `count` bytes were read.
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.held.len());
        self.held.drain(..count);
        self.owed += count;
    }

    /// Removes and returns up to `limit` bytes.
    pub(super) fn take(&mut self, limit: usize) -> Vec<u8> {
        let count = limit.min(self.held.len());
        self.owed += count;
        let mut bytes = Vec::with_capacity(count);
        move_front(&mut self.held, count, &mut bytes);
        bytes
    }

    /// Discards the bytes that are held and those to come.
    pub(super) fn discard(&mut self) {
        self.is_discarded = true;
        self.owed += self.held.len();
        self.held = VecDeque::new();
    }

    /// Records that nothing follows.
    pub(super) fn end(&mut self) {
        self.has_ended = true;
    }

    /// Whether the end has come and everything before it was read.
    pub(super) fn is_over(&self) -> bool {
        self.has_ended && self.held.is_empty()
    }

    /// Whether credit is to be given to the sender.
    pub(super) fn owes(&self) -> bool {
        self.owed >= CREDIT_STEP && !self.has_ended
    }

    /// The credit to give, in bytes.
    pub(super) fn pay(&mut self) -> usize {
        std::mem::take(&mut self.owed)
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.held.len()
    }
}

/// Moves the first `length` bytes of a queue, which has them, to the end of `target`.
fn move_front(queue: &mut VecDeque<u8>, length: usize, target: &mut Vec<u8>) {
    let (first, second) = queue.as_slices();
    let of_first = length.min(first.len());
    target.extend_from_slice(&first[..of_first]);
    target.extend_from_slice(&second[..length - of_first]);
    queue.drain(..length);
}
