//! Pushes a blob: `POST`, `PUT` and `PATCH` under `/v2/<name>/blobs/uploads/`.
//!
//! ```text
//!  HEAD --200--> done
//!    | 404
//!  POST --201--> done (mounted)
//!    | 202
//!  PUT, one stream --201--> done
//!    | refused as too large, or broken off
//!  POST, then PATCH... , PUT --201--> done
//! ```
//! After a broken stream come chunks, because chunks can continue where they stopped; a server
//! that accepts no chunks gets the stream again.
//!
//! The verbs and `transfer` choose the blobs; the bytes come from a [`BlobSource`].

mod chunked;
mod monolithic;
mod outcome;
mod piece;
mod session;
mod setback;
mod source;
mod upload;
mod way;
mod wishes;

pub use outcome::Pushed;
pub use source::{BlobSource, BytesSource, FileSource};
pub use wishes::PushBlob;
