//! One suite a port, run on every adapter.

mod blobs;
mod locked;
mod metadata;

use crate::{Durability, FsBlobs, FsMetadata};

/// Runs a suite on each adapter. A suite takes a function that opens the store, so that it
/// can open it again.
macro_rules! on_every_adapter {
    ($suite:ident: $($test:ident)*) => {$(
        mod $test {
            #[tokio::test]
            async fn files() {
                crate::conformance::$suite::$test(&crate::conformance::files()).await;
            }

            #[tokio::test]
            async fn ephemeral_files() {
                crate::conformance::$suite::$test(&crate::conformance::ephemeral_files()).await;
            }
        }
    )*};
}
pub(crate) use on_every_adapter;

/// Where a suite's stores live.
pub(crate) struct Place {
    root: tempfile::TempDir,
    durability: Durability,
}

impl Place {
    pub(crate) fn blobs(&self) -> Box<dyn crate::BlobStore> {
        Box::new(FsBlobs::open(self.root.path(), self.durability).unwrap())
    }

    pub(crate) fn metadata(&self) -> Box<dyn crate::Metadata> {
        Box::new(FsMetadata::open(self.root.path(), self.durability).unwrap())
    }
}

pub(crate) fn files() -> Place {
    Place {
        root: tempfile::tempdir().unwrap(),
        durability: Durability::Synced,
    }
}

pub(crate) fn ephemeral_files() -> Place {
    Place {
        root: tempfile::tempdir().unwrap(),
        durability: Durability::Ephemeral,
    }
}
