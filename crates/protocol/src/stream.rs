//! The streams of a session.

/// Number of bytes by which the sender of a stream may be ahead of the receiver's reader. Each
/// stream of each session begins with a whole window; [`crate::Kind::Credit`] moves it on. The
/// receiver never holds more of a stream than this, and a reader that stops delays no other stream.
pub const WINDOW_BYTES: usize = 1024 * 1024;

/// One of a session's streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    /// Host to guest: standard input.
    Input,
    /// Guest to host: standard output.
    Output,
    /// Guest to host: standard error.
    Errors,
}

impl Stream {
    /// All streams, in the order of the variants.
    pub const ALL: [Self; 3] = [Self::Input, Self::Output, Self::Errors];
}
