//! Frames: kind, flags, session, length, payload.

use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::kind::{Kind, MAX_PAYLOAD_BYTES};

/// Size of a header in bytes: kind (1), flags (1), session (4), length (4); numbers are
/// little-endian. Only [`Kind::Hello`] has another header, see [`crate::Hello`].
pub const HEADER_BYTES: usize = 10;

/// Size of the header of a [`Kind::Hello`] in bytes: kind (1), length (4).
pub(crate) const HELLO_HEADER_BYTES: usize = 5;

/// One message. The payload is borrowed from the buffer that it was read from or comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The kind, which determines the payload.
    pub kind: Kind,
    /// The flags: [`crate::END`] or none.
    pub flags: u8,
    /// Number of the session; 0 for the conversation itself.
    pub session: u32,
    /// The payload: no longer than its kind permits, and at most [`MAX_PAYLOAD_BYTES`].
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// A frame without flags.
    #[must_use]
    pub fn new(kind: Kind, session: u32, payload: &'a [u8]) -> Self {
        Self {
            kind,
            flags: 0,
            session,
            payload,
        }
    }

    /// Appends the frame to `wire`.
    ///
    /// # Panics
    /// When the payload exceeds [`MAX_PAYLOAD_BYTES`].
    pub fn encode_into(&self, wire: &mut Vec<u8>) {
        begin(
            wire,
            self.kind,
            self.flags,
            self.session,
            self.payload.len(),
        );
        wire.extend_from_slice(self.payload);
    }

    /// The payload as the JSON message that the kind carries.
    ///
    /// # Errors
    /// [`Error::Message`] when it is not such a message.
    pub fn message<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(self.payload).map_err(|error| self.damaged(&error.to_string()))
    }

    /// The error for a payload that does not fit its kind.
    pub(crate) fn damaged(&self, reason: &str) -> Error {
        Error::Message {
            kind: self.kind,
            reason: reason.to_owned(),
        }
    }
}

/// Appends a header; the caller then appends the payload of `length` bytes.
pub(crate) fn begin(wire: &mut Vec<u8>, kind: Kind, flags: u8, session: u32, length: usize) {
    let length = u32::try_from(length)
        .ok()
        .filter(|length| *length as usize <= MAX_PAYLOAD_BYTES)
        .expect("payloads are at most 1 MiB");
    wire.push(kind as u8);
    if kind != Kind::Hello {
        wire.push(flags);
        wire.extend_from_slice(&session.to_le_bytes());
    }
    wire.extend_from_slice(&length.to_le_bytes());
}
