mod hostile;
mod leftovers;
mod links;
mod settings;
mod state;

use std::sync::Arc;

use lazaret_testing::{garage, moto};

use crate::conformance::blobs::{Place, suite};
use crate::{BlobStore, CloudObjects, CloudOptions, Error, Staged, UploadId};
use lazaret_files::random_hex;

fn memory() -> Place {
    let store = CloudObjects::in_memory();
    Place::new(move || {
        let store: Arc<dyn BlobStore> = Arc::new(store.clone());
        Box::pin(std::future::ready(store))
    })
}

/// A place of its own in a bucket; each time it is opened is a replica.
fn bucket(options: CloudOptions) -> Place {
    Place::new(move || {
        let store: Arc<dyn BlobStore> = Arc::new(CloudObjects::open(&options).unwrap());
        Box::pin(std::future::ready(store))
    })
}

/// Options for a prefix that nobody else uses.
fn s3(endpoint: &str, region: &str, key: &str, secret: &str) -> CloudOptions {
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
    s3(
        garage::endpoint(),
        garage::REGION,
        garage::ACCESS_KEY,
        garage::SECRET_KEY,
    )
}

suite!(in_memory, super::memory());
suite!(on_s3, super::bucket(super::on_moto()));
suite!(
    on_garage,
    super::bucket(super::on_garage()),
    ignore = "garage takes long to build: make test-garage"
);

#[tokio::test]
#[ignore = "garage takes long to build: make test-garage"]
async fn on_garage_wrong_keys_are_refused() {
    let options = s3(
        garage::endpoint(),
        garage::REGION,
        garage::ACCESS_KEY,
        "wrong",
    );
    let store = CloudObjects::open(&options).unwrap();
    let id = UploadId::random();
    let error = store.seal(&id, &Staged::default()).await.unwrap_err();
    assert!(matches!(error, Error::Object { .. }), "{error}");
}
