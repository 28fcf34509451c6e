//! Framing: kind, length, payload.

use thiserror::Error;

/// Bytes before each payload: one of kind, four of length.
pub const HEADER_BYTES: usize = 5;

/// Largest payload that either side sends or accepts, in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 1024 * 1024;

/// Bytes of [`Kind::Stdin`] that may be on their way: sent by the host and not yet reported
/// by [`Kind::StdinTaken`]. A host that keeps to it can always be heard: no [`Kind::Signal`]
/// waits behind input that the workload does not read.
pub const STDIN_WINDOW_BYTES: usize = 1024 * 1024;

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Guest to host, first: a JSON [`crate::Hello`].
    Hello = 1,
    /// Host to guest, once: a JSON [`crate::BootConfig`].
    Boot = 2,
    /// Guest to host: the workload was started. No payload.
    Started = 3,
    /// Host to guest: bytes for the workload's standard input.
    Stdin = 4,
    /// Host to guest: standard input has ended. No payload.
    StdinClosed = 5,
    /// Guest to host: bytes of the workload's standard output.
    Stdout = 6,
    /// Guest to host: bytes of the workload's standard error.
    Stderr = 7,
    /// Host to guest: a signal number (one byte) for the workload.
    Signal = 8,
    /// Guest to host, last: a JSON [`crate::Outcome`].
    Exit = 9,
    /// Guest to host, last: a JSON [`crate::Failure`]; the workload did not run.
    Failure = 10,
    /// Guest to host: that many more bytes of standard input were taken by the workload, or
    /// thrown away because it does not read any more. A count ([`Frame::count`]).
    StdinTaken = 11,
    /// Host to agent: a JSON [`crate::Process`] to run.
    Exec = 12,
}

impl TryFrom<u8> for Kind {
    type Error = Error;

    fn try_from(byte: u8) -> Result<Self, Error> {
        Ok(match byte {
            1 => Self::Hello,
            2 => Self::Boot,
            3 => Self::Started,
            4 => Self::Stdin,
            5 => Self::StdinClosed,
            6 => Self::Stdout,
            7 => Self::Stderr,
            8 => Self::Signal,
            9 => Self::Exit,
            10 => Self::Failure,
            11 => Self::StdinTaken,
            12 => Self::Exec,
            kind => return Err(Error::UnknownKind { kind }),
        })
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// What the payload is.
    pub kind: Kind,
    /// At most [`MAX_PAYLOAD_BYTES`].
    pub payload: Vec<u8>,
}

/// Bytes that are not a frame.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// The kind byte is not one of [`Kind`].
    #[error("unknown frame kind {kind}")]
    UnknownKind {
        /// The byte received.
        kind: u8,
    },
    /// The announced payload is larger than [`MAX_PAYLOAD_BYTES`].
    #[error("frame of {bytes} bytes exceeds the limit of {MAX_PAYLOAD_BYTES}")]
    TooLarge {
        /// The length announced.
        bytes: usize,
    },
}

impl Frame {
    /// A frame without a payload.
    #[must_use]
    pub fn empty(kind: Kind) -> Self {
        Self {
            kind,
            payload: Vec::new(),
        }
    }

    /// A frame whose payload is `message` as JSON.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the JSON exceeds [`MAX_PAYLOAD_BYTES`].
    pub fn json(kind: Kind, message: &impl serde::Serialize) -> Result<Self, Error> {
        let payload = serde_json::to_vec(message)
            .expect("protocol messages have string keys and no failing serializers");
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(Error::TooLarge {
                bytes: payload.len(),
            });
        }
        Ok(Self { kind, payload })
    }

    /// A frame whose payload is a number: four bytes, little-endian.
    #[must_use]
    pub fn count(kind: Kind, count: u32) -> Self {
        Self {
            kind,
            payload: count.to_le_bytes().to_vec(),
        }
    }

    /// The number that [`Frame::count`] put in, or `None` when the payload is of another size.
    #[must_use]
    pub fn as_count(&self) -> Option<u32> {
        self.payload
            .as_slice()
            .try_into()
            .ok()
            .map(u32::from_le_bytes)
    }

    /// The frame as bytes for the wire.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let length = u32::try_from(self.payload.len()).expect("payloads are at most 1 MiB");
        let mut bytes = Vec::with_capacity(HEADER_BYTES + self.payload.len());
        bytes.push(self.kind as u8);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&self.payload);
        bytes
    }
}

/// Turns a byte stream that arrives in arbitrary pieces into frames.
///
/// Holds at most one frame plus the last piece pushed.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    consumed: usize,
}

impl Decoder {
    /// Adds bytes as they came from the peer.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.consumed > 0 {
            self.buffer.drain(..self.consumed);
            self.consumed = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, or `None` until more bytes are pushed.
    ///
    /// # Errors
    /// [`Error`] on a kind or length that no peer of this version sends; the stream is then
    /// out of step and must be closed.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, Error> {
        let pending = &self.buffer[self.consumed..];
        let Some((header, rest)) = pending.split_first_chunk::<HEADER_BYTES>() else {
            return Ok(None);
        };
        let kind = Kind::try_from(header[0])?;
        let length = u32::from_le_bytes([header[1], header[2], header[3], header[4]]);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > MAX_PAYLOAD_BYTES {
            return Err(Error::TooLarge { bytes: length });
        }
        if rest.len() < length {
            return Ok(None);
        }
        let payload = rest[..length].to_vec();
        self.consumed += HEADER_BYTES + length;
        Ok(Some(Frame { kind, payload }))
    }
}
