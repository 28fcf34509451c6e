//! Many blobs at once, with progress. Each digest moves once, and the first error ends the rest.

mod blobs;
mod parallel;
mod progress;

pub use blobs::BlobSink;
pub use parallel::each;
pub use progress::{Progress, Quiet};
