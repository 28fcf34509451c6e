//! Uploads of blobs at `/v2/<name>/blobs/uploads/` (distribution-spec 1.1, "Pushing blobs").
//!
//! ```text
//! POST ?mount=        -> 201 blob, or as below
//! POST ?digest= body  -> 201 blob
//! POST                -> 202 session --PATCH*--> session --PUT ?digest=--> 201 blob
//!                                     \--DELETE, 24 h of silence--> gone
//! ```

mod allowance;
mod cancel;
mod chunk;
mod finish;
mod patch;
mod session;
mod sessions;
mod start;
mod status;
mod writing;

pub(crate) use cancel::cancel;
pub(crate) use finish::finish;
pub(crate) use patch::patch;
pub(crate) use start::start;
pub(crate) use status::status;
