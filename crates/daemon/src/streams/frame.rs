//! Frames: the format of Docker's streams, with input, control and an ending.
//!
//! ```text
//! kind     1 byte
//! zero     3 bytes
//! length   4 bytes, big-endian, at most 1 MiB
//! payload
//! ```
//! | kind | from | payload |
//! |---|---|---|
//! | 0 | client | standard input; an empty one is its end |
//! | 1 | daemon | standard output, or the terminal |
//! | 2 | daemon | standard error |
//! | 3 | daemon | the ending, the last frame: `{"exit_code": 0}` or `{"error": {...}}` |
//! | 4 | client | `{"signal": "INT"}` or `{"rows": 24, "columns": 80}` |

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Number of bytes of a header.
const HEADER_BYTES: usize = 8;
/// Largest payload that a client may send.
const MOST_BYTES: usize = 1 << 20;

/// The kinds of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Frame {
    Input = 0,
    Output = 1,
    Errors = 2,
    Ending = 3,
    Control = 4,
}

/// A frame with this payload, which is shorter than 4 GiB.
pub(crate) fn frame(kind: Frame, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len());
    bytes.extend([kind as u8, 0, 0, 0]);
    bytes.extend(length.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// Reads a frame of a client; `None` at the end of the stream.
pub(super) async fn read(
    from: &mut (impl AsyncRead + Unpin),
) -> io::Result<Option<(Frame, Vec<u8>)>> {
    let mut header = [0; HEADER_BYTES];
    if from.read(&mut header[..1]).await? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut header[1..]).await?;
    let [kind, _, _, _, length @ ..] = header;
    let length = u32::from_be_bytes(length) as usize;
    let kind = match kind {
        0 => Frame::Input,
        4 => Frame::Control,
        _ => return Err(io::ErrorKind::InvalidData.into()),
    };
    if length > MOST_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut payload = Vec::new();
    let limited = from.take(length as u64).read_to_end(&mut payload).await?;
    match limited == length {
        true => Ok(Some((kind, payload))),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests;
