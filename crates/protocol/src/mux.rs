//! Many sessions over one stream of frames, without I/O.
//!
//! [`HostMux`] opens sessions, [`GuestMux`] answers them; each is one side's whole state:
//!
//! ```text
//! bytes from the peer -> Decoder -> receive --> what happened
//!                                    |  window per stream, held until the reader takes it
//! reader  <------ read, consume -----+
//! writer  ------- write, end --------+
//!                                    |  queue per stream, as far as the peer has given credit
//! bytes to the peer <------------ write_next
//! ```
//!
//! A session on both sides:
//!
//! ```text
//! host              frames                guest
//! open()
//! Asked ------------ Open ------------->  Asked
//!   |                                       | started()      | finish(Failure)
//! Running <--------- Started -----------  Running            |
//!   |                                       |                |
//!   |  <---- Output, Errors, Credit ------  |                |
//!   |  ------ Input, Signal, Credit ----->  |                |
//!   |                                       | finish(Exit)   |
//!   |                                     Ended <------------+
//!   |                                       | everything written went out
//! Ended <------- Exit or Failure --------- (gone)
//!   | everything was read, the ending last
//! (gone)
//! ```
//!
//! A stream is open until its end was sent, and a session's ending ends its streams. What the host
//! sent to a session that has ended meanwhile is dropped by the guest; the reverse cannot happen
//! and is an error, as is every frame that its sender must not send ([`crate::Error`]).
//!
//! Memory is bounded whatever the peer does: at most [`MAX_SESSIONS`] sessions, for each stream at
//! most one window on the receiving side and one small queue on the sending side, and nothing is
//! queued for a peer that gave no credit. Hence no queue of one session can be in the way of
//! another: `write_next` gives each session with something to send its turn, the short messages of
//! all before the bytes of any.

mod core;
mod flow;
mod guest;
mod host;
mod session;
#[cfg(test)]
mod tests;

pub use self::core::MAX_SESSIONS;
pub use guest::{GuestMux, Happened};
pub use host::{Event, HostMux};
