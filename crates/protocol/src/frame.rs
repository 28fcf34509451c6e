//! Framing: kind, flags, session, length, payload.

use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::kind::{Kind, MAX_PAYLOAD_BYTES};

/// Bytes before each payload: kind (1), flags (1), session (4), length (4); numbers are
/// little-endian. [`Kind::Hello`] alone has a header of its own, see [`crate::Hello`].
pub const HEADER_BYTES: usize = 10;

/// Bytes before the payload of a [`Kind::Hello`]: kind (1), length (4).
pub(crate) const HELLO_HEADER_BYTES: usize = 5;

/// One message. It borrows its payload from where it was read, or is to be written from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What the payload is.
    pub kind: Kind,
    /// [`crate::END`] or none.
    pub flags: u8,
    /// The session it belongs to; 0 for the conversation itself.
    pub session: u32,
    /// At most what the kind permits, and never more than [`MAX_PAYLOAD_BYTES`].
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
    /// [`Error::Message`] when it is none.
    pub fn message<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(self.payload).map_err(|error| self.damaged(&error.to_string()))
    }

    /// The error for a payload that is not what the kind says.
    pub(crate) fn damaged(&self, reason: &str) -> Error {
        Error::Message {
            kind: self.kind,
            reason: reason.to_owned(),
        }
    }
}

/// Appends a header; the payload of `length` bytes is the caller's to append.
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
