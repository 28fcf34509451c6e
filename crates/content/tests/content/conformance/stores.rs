//! The object stores on which the suites run. The suites use only the ports.

use std::sync::Arc;

use lazaret_content::{BlobStore, CloudObjects, CloudOptions, Durability, FileObjects};
use lazaret_files::random_hex;
use lazaret_testing::{garage, moto};

/// Runs a suite on each store.
macro_rules! on_every_store {
    ($suite:ident: $($test:ident)*) => {$(
        mod $test {
            use super::super::$suite;
            use crate::conformance::stores::Place;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn files() {
                $suite::$test(&Place::files(lazaret_content::Durability::Synced)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn ephemeral_files() {
                $suite::$test(&Place::files(lazaret_content::Durability::Ephemeral)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn memory() {
                $suite::$test(&Place::memory()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn s3() {
                $suite::$test(&Place::moto()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "garage takes long to build: make test-garage"]
            async fn on_garage() {
                $suite::$test(&Place::garage()).await;
            }
        }
    )*};
}
pub(crate) use on_every_store;

/// The place of a store; a suite opens it repeatedly, as replicas do.
pub(crate) struct Place(Box<dyn Fn() -> Arc<dyn BlobStore> + Send + Sync>);

impl Place {
    pub(crate) fn files(durability: Durability) -> Self {
        let root = tempfile::tempdir().unwrap();
        Self(Box::new(move || {
            Arc::new(FileObjects::open(root.path(), durability).unwrap())
        }))
    }

    pub(crate) fn memory() -> Self {
        let store = CloudObjects::in_memory();
        Self(Box::new(move || Arc::new(store.clone())))
    }

    pub(crate) fn moto() -> Self {
        Self::bucket(on_moto())
    }

    pub(crate) fn garage() -> Self {
        Self::bucket(on_garage())
    }

    fn bucket(options: CloudOptions) -> Self {
        Self(Box::new(move || {
            Arc::new(CloudObjects::open(&options).unwrap())
        }))
    }

    pub(crate) fn open(&self) -> Arc<dyn BlobStore> {
        (self.0)()
    }
}

/// Options with a unique prefix.
pub(crate) fn s3(endpoint: &str, region: &str, key: &str, secret: &str) -> CloudOptions {
    let options = [
        ("endpoint", endpoint),
        ("region", region),
        ("access_key_id", key),
        ("secret_access_key", secret),
    ];
    CloudOptions {
        url: format!("s3://{}/a/{}", moto::BUCKET, random_hex(8)),
        options: options
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .to_vec(),
        ..CloudOptions::default()
    }
}

fn on_moto() -> CloudOptions {
    s3(moto::endpoint(), "us-east-1", "test", "test")
}

fn on_garage() -> CloudOptions {
    let (key, secret) = (garage::ACCESS_KEY, garage::SECRET_KEY);
    s3(garage::endpoint(), garage::REGION, key, secret)
}
