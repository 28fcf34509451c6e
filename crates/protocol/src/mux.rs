//! Multiplexes many sessions over one stream of frames, without I/O.
//!
//! [`HostMux`] opens sessions, [`GuestMux`] answers them; each is the whole state of one side:
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
//!   |  ------ Input, Signal, Credit, ---->  |                |
//!   |         Resize                        |                |
//!   |                                       | finish(Exit)   |
//!   |                                     Ended <------------+
//!   |                                       | everything written went out
//! Ended <------- Exit or Failure --------- (gone)
//!   | everything was read, the ending last
//! (gone)
//! ```
//!
//! A stream is open until its end was sent, and a session's ending ends its streams. The guest
//! drops frames for a session that has ended meanwhile; the reverse cannot happen and is an error,
//! as is every frame that its sender must not send ([`crate::Error`]).
//!
//! Memory is bounded whatever the peer does: at most [`MAX_SESSIONS`] sessions, for each stream at
//! most one window on the receiving side and one small queue on the sending side, and nothing is
//! queued for a peer that gave no credit. Hence no queue of one session can block another:
//! `write_next` gives a turn to each session that has something to send, and sends the short
//! messages of all sessions before the bytes of any.

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
