//! Pulls a blob: a verified stream that survives broken connections.
//!
//! ```text
//!           data               break, tries left
//!   Open ----------> Open,  Open ---------------> Closed --206 at the offset--> Open
//!     | end: size and digest equal                  | tries used up, other answers
//!     v                                             v
//!    done                                         failed
//! ```
//! `resume` decides, without I/O; `stream` sends requests and waits. The verbs and `transfer`
//! choose the blobs and their destinations.
//!
//! A part of a blob cannot be verified. `part` reads one with a single request, whose breaks are
//! for the caller to handle. `range` reads the header with which servers name parts.

mod blob;
mod part;
mod range;
mod resume;
mod stream;

pub use blob::Blob;
pub use part::BlobPart;
pub(crate) use stream::Place;
