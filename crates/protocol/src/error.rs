//! The error type of this crate.

use thiserror::Error;

use crate::kind::Kind;
use crate::stream::{Stream, WINDOW_BYTES};
use crate::version::VERSION;

/// A peer breaks the protocol, or a request does not fit it. After an error from
/// [`crate::Decoder`] or from a multiplexer's `receive`, the stream is out of step and cannot be
/// used any more.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// The kind byte is not one of [`Kind`].
    #[error("unknown frame kind {kind}")]
    UnknownKind {
        /// The byte that was received.
        kind: u8,
    },
    /// The frame has a flag that its kind does not allow.
    #[error("unknown flags {flags:#04x} on a frame of kind {kind:?}")]
    UnknownFlags {
        /// Kind of the frame.
        kind: Kind,
        /// All flags of the frame.
        flags: u8,
    },
    /// The payload is larger than its kind permits.
    #[error("payload of {bytes} bytes exceeds the limit of {limit}")]
    TooLarge {
        /// Length of the payload in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The peer's first frame is not a greeting.
    #[error("expected a hello, found a frame of kind {kind:?}")]
    NoHello {
        /// Kind of its first frame.
        kind: Kind,
    },
    /// The peer has another version of the protocol.
    #[error("the other side speaks protocol version {peer}, this one {VERSION}")]
    Version {
        /// Its version.
        peer: u32,
    },
    /// The payload is not what the frame's kind requires.
    #[error("damaged payload in a frame of kind {kind:?}: {reason}")]
    Message {
        /// Kind of the frame.
        kind: Kind,
        /// Description of the fault.
        reason: String,
    },
    /// The sender must not send this frame now, or ever.
    #[error("unexpected frame of kind {kind:?} for session {session}")]
    Unexpected {
        /// Kind of the frame.
        kind: Kind,
        /// Number of the session.
        session: u32,
    },
    /// The session was never opened.
    #[error("frame of kind {kind:?} for session {session}, which was never opened")]
    UnknownSession {
        /// Kind of the frame.
        kind: Kind,
        /// Number of the session.
        session: u32,
    },
    /// The session has already ended.
    #[error("frame of kind {kind:?} for session {session}, which has ended")]
    SessionEnded {
        /// Kind of the frame.
        kind: Kind,
        /// Number of the session.
        session: u32,
    },
    /// A new session has a number that was used before.
    #[error("session {session} was opened before")]
    SessionReused {
        /// Number of the session.
        session: u32,
    },
    /// There would be more sessions than [`crate::mux::MAX_SESSIONS`], or no number is left.
    #[error("too many sessions at once")]
    TooManySessions,
    /// The peer has sent more bytes than the window permits.
    #[error("more than {WINDOW_BYTES} bytes under way on {stream:?} of session {session}")]
    WindowExceeded {
        /// Number of the session.
        session: u32,
        /// The stream of the session.
        stream: Stream,
    },
    /// The peer has sent bytes after the end of a stream.
    #[error("bytes after the end of {stream:?} of session {session}")]
    AfterEnd {
        /// Number of the session.
        session: u32,
        /// The stream of the session.
        stream: Stream,
    },
    /// The peer has given credit for bytes that were never sent.
    #[error("credit for more than was sent on {stream:?} of session {session}")]
    CreditExceeded {
        /// Number of the session.
        session: u32,
        /// The stream of the session.
        stream: Stream,
    },
    /// The guest has ended the whole conversation ([`Kind::Failure`] on session 0).
    #[error("the guest gave up: {message}")]
    PeerFailed {
        /// The guest's reason, in one line.
        message: String,
    },
}
