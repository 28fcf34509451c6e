//! Both ports over one folder.
//!
//! ```text
//! blobs/<algorithm>/<2 hex>/<hex>     content; manifests too
//! uploads/<id>                        staged bytes; flock while a request writes
//! sessions/<id>                       which repository an upload belongs to
//! repositories/<name, '/' as '+'>/
//!   lock                              flock while manifests or tags change
//!   blobs/<algorithm>/<hex>           empty: the blob belongs to the repository
//!   manifests/<algorithm>/<hex>       media type
//!   tags/<tag>                        digest
//!   referrers/<algorithm>/<hex>/<algorithm>-<hex>   descriptor of a referrer
//! scratch/                            unpublished files of live processes
//! ```
//!
//! Several processes may share the folder.

mod blobs;
mod metadata;
mod pages;
mod referrers;
mod sessions;
mod staged;
mod tree;
mod writer;

pub use blobs::FsBlobs;
pub use metadata::FsMetadata;
pub(crate) use tree::{BlobTree, children};

use crate::Error;

/// Runs file I/O on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Error::Stopped),
        },
    }
}
