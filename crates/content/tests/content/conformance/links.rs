//! What every [`lazaret_content::Presign`] does: links for clients without credentials.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use bytes::Bytes;
use lazaret_content::{BlobStore as _, CloudObjects, Durability, Presign as _, Staged, UploadId};
use lazaret_testing::garage;

use super::stores::Place;

/// The status line and the body of an answer to a plain GET.
fn get(url: &str) -> (String, Vec<u8>) {
    let (host, path) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let head = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let status = String::from_utf8_lossy(&answer[..head]);
    let status = status.lines().next().unwrap().to_owned();
    (status, answer.split_off(head + 4))
}

async fn a_link_reads_one_object(place: &Place) {
    let store = place.open();
    let id = UploadId::random();
    let mut writer = store.append(&id, Staged::default(), None).await.unwrap();
    writer.write(Bytes::from_static(b"content")).await.unwrap();
    let (staged, _) = writer.close().await.unwrap();
    store.seal(&id, &staged).await.unwrap();
    let link = store.presign().unwrap().link(&id, Duration::from_secs(60));
    let link = link.await.unwrap();
    let (status, body) = tokio::task::spawn_blocking({
        let link = link.clone();
        move || get(&link)
    })
    .await
    .unwrap();
    assert!(status.contains("200"), "{status}");
    assert_eq!(body, b"content");
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
