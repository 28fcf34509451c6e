//! Transfers many blobs at once, with progress. Each digest moves once; the first error cancels the
//! rest.

mod blobs;
mod parallel;
mod progress;

pub use blobs::BlobSink;
pub use parallel::each;
pub use progress::{Progress, Quiet};
