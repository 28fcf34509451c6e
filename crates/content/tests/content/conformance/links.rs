//! Requirements for every [`lazaret_content::Presign`]: links for clients without credentials.

use std::time::Duration;

use bytes::Bytes;
use lazaret_content::{BlobStore as _, CloudObjects, Durability, Presign as _, Staged, UploadId};
use lazaret_testing::garage;
use lazaret_testing::http::send;

use super::stores::Place;

async fn a_link_reads_one_object(place: &Place) {
    let store = place.open();
    let id = UploadId::random();
    let mut writer = store.append(&id, Staged::default(), None).await.unwrap();
    writer.write(Bytes::from_static(b"content")).await.unwrap();
    let (staged, _) = writer.close().await.unwrap();
    store.seal(&id, &staged).await.unwrap();
    let link = store.presign().unwrap().link(&id, Duration::from_secs(60));
    let link = link.await.unwrap();
    let (host, path) = link
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let reply = send(host.parse().unwrap(), "GET", &format!("/{path}"), &[], b"").unwrap();
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.body, b"content");
    assert!(!link.contains(garage::SECRET_KEY));
}

#[tokio::test]
async fn on_s3_a_link_reads_one_object() {
    a_link_reads_one_object(&Place::moto()).await;
}

#[tokio::test]
#[ignore = "garage takes long to build: make test-garage"]
async fn on_garage_a_link_reads_one_object() {
    a_link_reads_one_object(&Place::garage()).await;
}

#[tokio::test]
async fn memory_and_files_have_no_links() {
    assert!(
        Place::files(Durability::Ephemeral)
            .open()
            .presign()
            .is_none()
    );
    let store = CloudObjects::in_memory();
    assert!(store.presign().is_none());
    let id = UploadId::random();
    let link = store.link(&id, Duration::from_secs(1));
    assert!(link.await.is_err());
}
