//! The one error enum of this crate.

use thiserror::Error;

use crate::kind::Kind;
use crate::stream::{Stream, WINDOW_BYTES};
use crate::version::VERSION;

/// A peer that breaks the protocol, or a request that does not fit it. After an error from
/// [`crate::Decoder`] or from a multiplexer's `receive` the stream is out of step and of no more
/// use.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// The kind byte is not one of [`Kind`].
    #[error("unknown frame kind {kind}")]
    UnknownKind {
        /// The byte received.
        kind: u8,
    },
    /// A flag that this kind of frame does not have.
    #[error("unknown flags {flags:#04x} on a frame of kind {kind:?}")]
    UnknownFlags {
        /// The frame's kind.
        kind: Kind,
        /// All its flags.
        flags: u8,
    },
    /// The payload is larger than its kind permits.
    #[error("payload of {bytes} bytes exceeds the limit of {limit}")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The most that is permitted.
        limit: usize,
    },
    /// The peer did not greet.
    #[error("expected a hello, found a frame of kind {kind:?}")]
    NoHello {
        /// Kind of its first frame.
        kind: Kind,
    },
    /// The peer is of another build.
    #[error("the other side speaks protocol version {peer}, this one {VERSION}")]
    Version {
        /// Its version.
        peer: u32,
    },
    /// A payload that is not what its kind says.
    #[error("damaged payload in a frame of kind {kind:?}: {reason}")]
    Message {
        /// The frame's kind.
        kind: Kind,
        /// What is wrong with it.
        reason: String,
    },
    /// A frame that its sender must not send now, or never.
    #[error("unexpected frame of kind {kind:?} for session {session}")]
    Unexpected {
        /// The frame's kind.
        kind: Kind,
        /// Its session.
        session: u32,
    },
    /// A session that was never opened.
    #[error("frame of kind {kind:?} for session {session}, which was never opened")]
    UnknownSession {
        /// The frame's kind.
        kind: Kind,
        /// The number.
        session: u32,
    },
    /// A session that has reported its ending.
    #[error("frame of kind {kind:?} for session {session}, which has ended")]
    SessionEnded {
        /// The frame's kind.
        kind: Kind,
        /// The number.
        session: u32,
    },
    /// A new session under a number that was used before.
    #[error("session {session} was opened before")]
    SessionReused {
        /// The number.
        session: u32,
    },
    /// More sessions at once than [`crate::mux::MAX_SESSIONS`], or no number is left for one.
    #[error("too many sessions at once")]
    TooManySessions,
    /// More bytes on their way than the window permits.
    #[error("more than {WINDOW_BYTES} bytes under way on {stream:?} of session {session}")]
    WindowExceeded {
        /// The session.
        session: u32,
        /// Its stream.
        stream: Stream,
    },
    /// Bytes behind the end of a stream.
    #[error("bytes after the end of {stream:?} of session {session}")]
    AfterEnd {
        /// The session.
        session: u32,
        /// Its stream.
        stream: Stream,
    },
    /// Credit for bytes that were never sent.
    #[error("credit for more than was sent on {stream:?} of session {session}")]
    CreditExceeded {
        /// The session.
        session: u32,
        /// Its stream.
        stream: Stream,
    },
    /// The guest gives up the whole conversation ([`Kind::Failure`] on session 0).
    #[error("the guest gave up: {message}")]
    PeerFailed {
        /// Its reason, one line.
        message: String,
    },
}
