//! The size of a terminal.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::frame::Frame;

/// The size of a terminal in characters. 0 means that it is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminalSize {
    /// Number of rows.
    pub rows: u16,
    /// Number of columns.
    pub columns: u16,
}

impl TerminalSize {
    /// The payload of a [`crate::Kind::Resize`].
    pub(crate) fn encode(self) -> [u8; 4] {
        let ([r0, r1], [c0, c1]) = (self.rows.to_le_bytes(), self.columns.to_le_bytes());
        [r0, r1, c0, c1]
    }

    /// Reads the payload of a [`crate::Kind::Resize`].
    pub(crate) fn read(frame: &Frame<'_>) -> Result<Self, Error> {
        let [r0, r1, c0, c1] = *frame.payload else {
            return Err(frame.damaged("a size has four bytes"));
        };
        Ok(Self {
            rows: u16::from_le_bytes([r0, r1]),
            columns: u16::from_le_bytes([c0, c1]),
        })
    }
}
