//! Decodes frames from a byte stream.

use crate::error::Error;
use crate::frame::{Frame, HEADER_BYTES, HELLO_HEADER_BYTES};
use crate::kind::Kind;

/// Decodes frames from a byte stream that arrives in arbitrary pieces.
///
/// It holds at most one frame and the last piece that was pushed.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    consumed: usize,
}

/// The header of a frame.
struct Header {
    kind: Kind,
    flags: u8,
    session: u32,
    bytes: usize,
    payload: usize,
}

impl Decoder {
    /// Adds bytes from the peer.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.consumed > 0 {
            self.buffer.drain(..self.consumed);
            self.consumed = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame, or `None` until more bytes are pushed. A frame that no peer of this
    /// version sends is refused as soon as its header is complete.
    ///
    /// # Errors
    /// [`Error::UnknownKind`], [`Error::UnknownFlags`], [`Error::TooLarge`]; the stream is then
    /// out of step and must be closed.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, Error> {
        let pending = &self.buffer[self.consumed..];
        let Some(header) = Header::read(pending)? else {
            return Ok(None);
        };
        let end = header.bytes + header.payload;
        let Some(payload) = pending.get(header.bytes..end) else {
            return Ok(None);
        };
        self.consumed += end;
        Ok(Some(Frame {
            kind: header.kind,
            flags: header.flags,
            session: header.session,
            payload,
        }))
    }
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Option<Self>, Error> {
        let Some(byte) = bytes.first() else {
            return Ok(None);
        };
        let kind = Kind::from_byte(*byte).ok_or(Error::UnknownKind { kind: *byte })?;
        let header = if kind == Kind::Hello {
            bytes
                .first_chunk::<HELLO_HEADER_BYTES>()
                .map(|[_, length @ ..]| (0, 0, HELLO_HEADER_BYTES, *length))
        } else {
            bytes
                .first_chunk::<HEADER_BYTES>()
                .map(|[_, flags, s0, s1, s2, s3, length @ ..]| {
                    let session = u32::from_le_bytes([*s0, *s1, *s2, *s3]);
                    (*flags, session, HEADER_BYTES, *length)
                })
        };
        let Some((flags, session, bytes, length)) = header else {
            return Ok(None);
        };
        if flags & !kind.flags() != 0 {
            return Err(Error::UnknownFlags { kind, flags });
        }
        let payload = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        if payload > kind.limit() {
            return Err(Error::TooLarge {
                bytes: payload,
                limit: kind.limit(),
            });
        }
        Ok(Some(Self {
            kind,
            flags,
            session,
            bytes,
            payload,
        }))
    }
}
