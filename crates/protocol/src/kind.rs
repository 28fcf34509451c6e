//! The kinds of frames, with their flags and limits.

use crate::stream::Stream;

/// Largest payload that either side sends or accepts, in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 1024 * 1024;

/// Largest payload in bytes of a frame with data of a stream. It bounds the time that a session
/// waits for its turn.
pub const PIECE_BYTES: usize = 64 * 1024;

/// Largest payload of any other frame except [`Kind::Open`], in bytes.
const MESSAGE_BYTES: usize = 64 * 1024;

/// Flag of [`Kind::Input`], [`Kind::Output`] and [`Kind::Errors`]: the stream ends with this frame.
pub const END: u8 = 1;

/// The kind of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Either side, first: a JSON [`crate::Hello`].
    Hello = 1,
    /// Host to guest: a JSON request that opens a session, for a guest a [`crate::Request`]. The
    /// numbers of sessions begin with 1 and only grow.
    Open = 2,
    /// Guest to host: the session's command was started. No payload.
    Started = 3,
    /// Host to guest: bytes for standard input.
    Input = 4,
    /// Guest to host: bytes of standard output.
    Output = 5,
    /// Guest to host: bytes of standard error.
    Errors = 6,
    /// Receiver to sender of a stream: this number of further bytes was read, or discarded because
    /// there is no reader. One byte with the stream's kind, four with the count.
    Credit = 7,
    /// Host to guest: a signal number (one byte) for the session's command.
    Signal = 8,
    /// Guest to host, the last frame of a session: a JSON [`crate::Outcome`].
    Exit = 9,
    /// Guest to host, the last frame of a session: a JSON [`crate::Failure`]. On session 0 it ends
    /// the conversation.
    Failure = 10,
    /// Host to guest: the new size of the session's terminal. Two bytes with the rows, two with the
    /// columns, little-endian.
    Resize = 11,
}

impl Kind {
    /// The kind with this number.
    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Hello,
            2 => Self::Open,
            3 => Self::Started,
            4 => Self::Input,
            5 => Self::Output,
            6 => Self::Errors,
            7 => Self::Credit,
            8 => Self::Signal,
            9 => Self::Exit,
            10 => Self::Failure,
            11 => Self::Resize,
            _ => return None,
        })
    }

    /// The kind of the frames of a stream.
    #[must_use]
    pub fn of(stream: Stream) -> Self {
        match stream {
            Stream::Input => Self::Input,
            Stream::Output => Self::Output,
            Stream::Errors => Self::Errors,
        }
    }

    /// The stream whose bytes a frame of this kind carries, if any.
    #[must_use]
    pub fn stream(self) -> Option<Stream> {
        match self {
            Self::Input => Some(Stream::Input),
            Self::Output => Some(Stream::Output),
            Self::Errors => Some(Stream::Errors),
            _ => None,
        }
    }

    /// The flags that a frame of this kind may have.
    pub(crate) fn flags(self) -> u8 {
        if self.stream().is_some() { END } else { 0 }
    }

    /// Largest payload of a frame of this kind, in bytes.
    pub(crate) fn limit(self) -> usize {
        match self {
            Self::Open => MAX_PAYLOAD_BYTES,
            _ if self.stream().is_some() => PIECE_BYTES,
            _ => MESSAGE_BYTES,
        }
    }
}
