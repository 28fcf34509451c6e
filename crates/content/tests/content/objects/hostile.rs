//! Tests of servers that answer wrongly, or refuse.

use lazaret_content::{BlobStore as _, CloudObjects, Error, Staged, UploadId};
use lazaret_testing::garage;
use lazaret_testing::http::{Answer, Peer};

use crate::conformance::stores::s3;

/// A server that gives every request the same answer and hangs up.
fn answering(answer: &'static str) -> CloudObjects {
    let peer = Peer::start(move |_| Answer::raw(answer));
    CloudObjects::open(&s3(&peer.url(), "us-east-1", "test", "test")).unwrap()
}

async fn read(store: &CloudObjects, range: Option<std::ops::Range<u64>>) -> Error {
    match store.open(&UploadId::random(), 1000, range).await {
        Ok(blob) => blob.unwrap().read(1000).await.unwrap_err(),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_truncated_answer_is_an_error() {
    let store = answering(concat!(
        "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n",
        "Last-Modified: Sat, 01 Jan 2022 00:00:00 GMT\r\nETag: \"e\"\r\n\r\n0123456789",
    ));
    let error = read(&store, None).await;
    assert!(matches!(error, Error::Io { .. }), "{error:?}");
}

#[tokio::test]
async fn an_answer_for_another_range_is_an_error() {
    let store = answering(concat!(
        "HTTP/1.1 206 Partial Content\r\nContent-Length: 10\r\nConnection: close\r\n",
        "Content-Range: bytes 20-29/1000\r\n",
        "Last-Modified: Sat, 01 Jan 2022 00:00:00 GMT\r\nETag: \"e\"\r\n\r\n0123456789",
    ));
    let error = read(&store, Some(0..10)).await;
    assert!(matches!(error, Error::Object { .. }), "{error:?}");
}

#[tokio::test]
async fn the_whole_object_for_a_range_is_an_error() {
    let store = answering(concat!(
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n",
        "Last-Modified: Sat, 01 Jan 2022 00:00:00 GMT\r\nETag: \"e\"\r\n\r\n0123456789",
    ));
    let error = read(&store, Some(0..5)).await;
    assert!(matches!(error, Error::Object { .. }), "{error:?}");
}

#[tokio::test]
async fn an_object_of_another_size_is_an_error() {
    let store = answering(concat!(
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n",
        "Last-Modified: Sat, 01 Jan 2022 00:00:00 GMT\r\nETag: \"e\"\r\n\r\n0123456789",
    ));
    let error = read(&store, None).await;
    assert!(matches!(error, Error::Object { .. }), "{error:?}");
}

#[tokio::test]
async fn a_listing_that_is_none_is_an_error() {
    let store = answering("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n<no>");
    let error = store.list(None, 10).await.unwrap_err();
    assert!(matches!(error, Error::Bucket { .. }), "{error:?}");
}

#[tokio::test]
async fn a_refusal_is_not_taken_for_an_object_that_is_not_there() {
    let store =
        answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let id = UploadId::random();
    let errors = [
        store.stat(&id).await.unwrap_err(),
        store.open(&id, 10, None).await.unwrap_err(),
        store.seal(&id, &Staged::default()).await.unwrap_err(),
        store.delete(&id, &Staged::default()).await.unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, Error::Object { .. }), "{error:?}");
    }
}

#[tokio::test]
#[ignore = "garage takes long to build: make test-garage"]
async fn on_garage_wrong_keys_are_refused() {
    let (endpoint, key) = (garage::endpoint(), garage::ACCESS_KEY);
    let options = s3(endpoint, garage::REGION, key, "wrong");
    let store = CloudObjects::open(&options).unwrap();
    let id = UploadId::random();
    let error = store.seal(&id, &Staged::default()).await.unwrap_err();
    assert!(matches!(error, Error::Object { .. }), "{error}");
}
