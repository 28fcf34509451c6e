//! Chooses the way in which a blob is sent: as one stream, or in chunks.

/// A way of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// One PUT. It cannot continue where it stopped.
    Stream,
    /// A PATCH for each chunk. They can continue where they stopped.
    Chunks,
}

/// The ways of one push. A stream comes first; after a break or a refusal come chunks, and a server
/// that refuses those gets the stream again.
#[derive(Debug)]
pub(super) struct Ways {
    current: Way,
    refused: [bool; 2],
}

impl Ways {
    pub(super) fn new() -> Self {
        Self {
            current: Way::Stream,
            refused: [false; 2],
        }
    }

    /// The way of the next try.
    pub(super) fn current(&self) -> Way {
        self.current
    }

    /// Records that the server does not accept this way; returns whether another is left.
    pub(super) fn refuse(&mut self) -> bool {
        self.refused[self.current as usize] = true;
        self.refused != [true; 2]
    }

    /// Chooses the way of the try after a failed one.
    pub(super) fn go_on(&mut self) {
        let other = match self.current {
            Way::Stream => Way::Chunks,
            Way::Chunks => Way::Stream,
        };
        let is_refused = |way: Way| self.refused[way as usize];
        if is_refused(self.current) || (self.current == Way::Stream && !is_refused(other)) {
            self.current = other;
        }
    }
}

#[cfg(test)]
mod tests;
