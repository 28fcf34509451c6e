//! The progress of a pull, and decisions about answers, without I/O.

use bytes::Bytes;
use lazaret_oci::{Descriptor, Hasher};

use super::range::content_range;

/// Number of bytes without a break after which earlier breaks are forgotten.
const FORGIVEN: u64 = 1024 * 1024;

/// The state of one pull.
pub(super) struct Resume {
    wanted: Descriptor,
    /// Number of bytes at hand: those from before and those delivered.
    offset: u64,
    /// Number of bytes to discard, because the server started again from the beginning.
    skip: u64,
    /// The offset of the last break, in bytes.
    mark: u64,
    /// Whether everything is asked for, because the server does not give the rest alone.
    is_whole: bool,
    /// Over the first `offset` bytes; taken at the end.
    hasher: Option<Hasher>,
}

/// The content that an answer announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opening<'a> {
    /// The whole blob (200).
    Whole,
    /// A part (206), with its `Content-Range`.
    Part(&'a str),
    /// Nothing: the server has no bytes after the offset (416).
    Nothing,
}

/// The reason for which a pull cannot continue.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The content is not the requested one.
    Mismatch {
        /// Its digest, or another description of the difference.
        actual: String,
        /// Number of bytes received.
        bytes: u64,
    },
    /// A part of the blob other than the requested one.
    WrongPart {
        /// The offset at which it should have started, in bytes.
        offset: u64,
        /// The `Content-Range` of the answer.
        range: String,
    },
}

impl Resume {
    /// A pull whose first `offset` bytes are at hand and were hashed by `hasher`.
    pub(super) fn new(wanted: Descriptor, offset: u64, hasher: Hasher) -> Self {
        Self {
            wanted,
            offset,
            skip: 0,
            mark: offset,
            is_whole: false,
            hasher: Some(hasher),
        }
    }

    /// Descriptor of the blob.
    pub(super) fn wanted(&self) -> &Descriptor {
        &self.wanted
    }

    /// Number of bytes at hand: those from before and those delivered.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Number of missing bytes.
    pub(super) fn missing(&self) -> Result<u64, Fault> {
        let missing = self.wanted.size.checked_sub(self.offset);
        missing.ok_or_else(|| mismatch("more bytes", self.offset))
    }

    /// The `Range` to request; `None` for the whole blob.
    pub(super) fn range(&self) -> Option<String> {
        (self.offset > 0 && !self.is_whole).then(|| format!("bytes={}-", self.offset))
    }

    /// Judges an answer, of `length` bytes if it says so, before its content comes. False: it does
    /// not help, and from now on the whole is asked for.
    pub(super) fn opened(
        &mut self,
        opening: Opening<'_>,
        length: Option<u64>,
    ) -> Result<bool, Fault> {
        let asked_for_rest = self.range().is_some();
        let start = match (opening, self.start(opening)) {
            (_, Some(start)) => start,
            _ if asked_for_rest => {
                self.is_whole = true;
                return Ok(false);
            }
            (Opening::Part(range), None) => {
                return Err(Fault::WrongPart {
                    offset: self.offset,
                    range: range.to_owned(),
                });
            }
            _ => return Err(mismatch("a shorter blob", self.offset)),
        };
        self.skip = self.offset - start;
        let rest = self.wanted.size.saturating_sub(start);
        match length {
            Some(length) if length != rest => {
                let text = format!("an announcement of {length} bytes instead of {rest}");
                Err(mismatch(text, self.offset))
            }
            _ => Ok(true),
        }
    }

    /// The byte that an answer begins with, if it has everything from there to the end and nothing
    /// that is missing lies before it.
    fn start(&self, opening: Opening<'_>) -> Option<u64> {
        let size = self.wanted.size;
        let range = match opening {
            Opening::Whole => return Some(0),
            Opening::Part(range) if self.range().is_some() => range,
            Opening::Part(_) | Opening::Nothing => return None,
        };
        let (start, end, total) = content_range(range)?;
        let reaches_end =
            Some(end) == size.checked_sub(1) && total.is_none_or(|total| total == size);
        (reaches_end && start <= self.offset).then_some(start)
    }

    /// Judges content that ended although some is missing. What did so when the whole was asked for
    /// is all that the server has.
    pub(super) fn ended_early(&self) -> Result<(), Fault> {
        if self.is_whole {
            return Err(mismatch("a shorter blob", self.offset));
        }
        Ok(())
    }

    /// The new part of a piece, if any.
    pub(super) fn take(&mut self, mut piece: Bytes) -> Result<Option<Bytes>, Fault> {
        let length = piece.len() as u64;
        if self.skip >= length {
            self.skip -= length;
            return Ok(None);
        }
        if self.skip > 0 {
            // It is less than the length of the piece, which is a usize.
            piece = piece.split_off(usize::try_from(self.skip).unwrap_or(0));
            self.skip = 0;
        }
        let reached = self.offset + piece.len() as u64;
        if reached > self.wanted.size {
            return Err(mismatch("more bytes", reached));
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&piece);
        }
        self.offset = reached;
        Ok(Some(piece))
    }

    /// Records a break; returns whether enough came since the last one to forget earlier breaks.
    pub(super) fn broken(&mut self) -> bool {
        let is_forgiven = self.offset - self.mark >= FORGIVEN;
        self.mark = self.offset;
        is_forgiven
    }

    /// The final verification, which gives its verdict once.
    pub(super) fn finish(&mut self) -> Result<(), Fault> {
        let actual = self.hasher.take().map(Hasher::finish);
        match actual {
            Some(actual) if actual != self.wanted.digest => {
                Err(mismatch(actual.to_string(), self.offset))
            }
            _ => Ok(()),
        }
    }
}

fn mismatch(actual: impl Into<String>, bytes: u64) -> Fault {
    Fault::Mismatch {
        actual: actual.into(),
        bytes,
    }
}

#[cfg(test)]
mod tests;
