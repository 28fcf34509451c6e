//! What every [`BlobStore`] does.

use std::time::Duration;

use bytes::Bytes;
use lazaret_oci::{Algorithm, Digest};

use super::{Place, on_every_adapter};
use crate::{BlobStore, Error, UploadId};

on_every_adapter! { blobs:
    committed_content_can_be_read
    ranges_are_clamped
    sha512_content_is_verified_whatever_was_announced
    wrong_content_is_discarded
    an_upload_survives_a_restart
    appends_are_serialised
    a_dropped_writer_keeps_the_session_usable
    an_appended_offset_must_fit
    aborted_and_expired_uploads_are_gone
    concurrent_pushes_of_one_blob
    deleted_blobs_stay_readable_where_open
}

async fn stage(store: &dyn BlobStore, parts: &[&[u8]]) -> UploadId {
    let id = UploadId::random();
    store.create_upload(&id, Algorithm::Sha256).await.unwrap();
    for part in parts {
        append(store, &id, part).await;
    }
    id
}

async fn append(store: &dyn BlobStore, id: &UploadId, bytes: &[u8]) -> u64 {
    let mut writer = store.append(id, None).await.unwrap();
    for chunk in bytes.chunks(70_000) {
        writer.write(Bytes::copy_from_slice(chunk)).await.unwrap();
    }
    writer.close().await.unwrap()
}

async fn read(store: &dyn BlobStore, digest: &Digest) -> Option<Bytes> {
    let blob = store.open(digest, None).await.unwrap()?;
    Some(blob.read(u64::MAX).await.unwrap())
}

fn noise(length: usize) -> Vec<u8> {
    let mut state = 1u32;
    let step = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_le_bytes()[3]
    };
    (0..length).map(step).collect()
}

pub(super) async fn committed_content_can_be_read(place: &Place) {
    let store = place.blobs();
    for length in [0, 1, 65_536, 65_537, 3_000_001] {
        let content = noise(length);
        let digest = Digest::of(&content);
        let id = stage(&*store, &[&content]).await;
        assert_eq!(store.stat(&digest).await.unwrap(), None);
        assert!(store.open(&digest, None).await.unwrap().is_none());
        assert_eq!(
            store.commit(&id, &digest).await.unwrap(),
            content.len() as u64
        );
        assert_eq!(
            store.stat(&digest).await.unwrap(),
            Some(content.len() as u64)
        );
        assert!(read(&*store, &digest).await.unwrap() == content);
        assert_eq!(store.upload_offset(&id).await.unwrap(), None);
        let limit = (length as u64).saturating_sub(1);
        if length > 0 {
            let blob = store.open(&digest, None).await.unwrap().unwrap();
            assert!(matches!(
                blob.read(limit).await,
                Err(Error::TooLarge { .. })
            ));
        }
    }
}

pub(super) async fn ranges_are_clamped(place: &Place) {
    let store = place.blobs();
    for length in [10, 300_000] {
        let content = noise(length);
        let digest = Digest::of(&content);
        let id = stage(&*store, &[&content]).await;
        store.commit(&id, &digest).await.unwrap();
        let size = length as u64;
        for (range, expected) in [
            (0..1, 0..1),
            (3..7, 3..7),
            (size - 1..size, length - 1..length),
            (5..size * 2, 5..length),
            (size..size + 1, length..length),
            (size * 2..size * 3, length..length),
        ] {
            let blob = store.open(&digest, Some(range.clone())).await.unwrap();
            let blob = blob.unwrap();
            assert_eq!(blob.size(), size);
            let bytes = blob.read(size).await.unwrap();
            assert!(bytes == content[expected], "{range:?}");
        }
    }
}

pub(super) async fn sha512_content_is_verified_whatever_was_announced(place: &Place) {
    let store = place.blobs();
    let digest = Digest::with(Algorithm::Sha512, b"content");
    let id = stage(&*store, &[b"con", b"tent"]).await;
    store.commit(&id, &digest).await.unwrap();
    assert_eq!(read(&*store, &digest).await.unwrap(), "content");
    assert_eq!(store.stat(&Digest::of(b"content")).await.unwrap(), None);
}

pub(super) async fn wrong_content_is_discarded(place: &Place) {
    let store = place.blobs();
    let digest = Digest::of(b"right");
    let id = stage(&*store, &[b"wrong"]).await;
    let error = store.commit(&id, &digest).await.unwrap_err();
    assert!(matches!(error, Error::DigestMismatch { .. }), "{error}");
    assert_eq!(store.stat(&digest).await.unwrap(), None);
    let error = store.commit(&id, &digest).await.unwrap_err();
    assert!(matches!(error, Error::UploadUnknown { .. }), "{error}");
}

pub(super) async fn an_upload_survives_a_restart(place: &Place) {
    let content = noise(1_000_000);
    let store = place.blobs();
    let id = stage(&*store, &[&content[..600_000]]).await;
    drop(store);
    let store = place.blobs();
    assert_eq!(store.upload_offset(&id).await.unwrap(), Some(600_000));
    assert_eq!(append(&*store, &id, &content[600_000..]).await, 1_000_000);
    let digest = Digest::of(&content);
    store.commit(&id, &digest).await.unwrap();
    assert!(read(&*store, &digest).await.unwrap() == content);
}

pub(super) async fn appends_are_serialised(place: &Place) {
    let store = place.blobs();
    let id = stage(&*store, &[]).await;
    let mut writer = store.append(&id, None).await.unwrap();
    writer.write(Bytes::from_static(b"a")).await.unwrap();
    let error = store.append(&id, None).await.err().unwrap();
    assert!(matches!(error, Error::UploadBusy { .. }), "{error}");
    assert_eq!(writer.close().await.unwrap(), 1);
    assert_eq!(append(&*store, &id, b"b").await, 2);
}

pub(super) async fn a_dropped_writer_keeps_the_session_usable(place: &Place) {
    let store = place.blobs();
    let id = stage(&*store, &[b"ab"]).await;
    let content = noise(2_000_000);
    let mut writer = store.append(&id, None).await.unwrap();
    for chunk in content.chunks(300_000) {
        writer.write(Bytes::copy_from_slice(chunk)).await.unwrap();
    }
    drop(writer);
    // The batch under way may still be finishing.
    let mut writer = store.append(&id, None).await.unwrap();
    writer.write(Bytes::from_static(b"z")).await.unwrap();
    let size = usize::try_from(writer.close().await.unwrap()).unwrap();
    let mut expected = b"ab".to_vec();
    expected.extend_from_slice(&content[..size - 3]);
    expected.push(b'z');
    let digest = Digest::of(&expected);
    store.commit(&id, &digest).await.unwrap();
    assert!(read(&*store, &digest).await.unwrap() == expected);
}

pub(super) async fn an_appended_offset_must_fit(place: &Place) {
    let store = place.blobs();
    let id = stage(&*store, &[b"abc"]).await;
    for at in [0, 2, 4] {
        let error = store.append(&id, Some(at)).await.err().unwrap();
        assert!(
            matches!(error, Error::OffsetMismatch { actual: 3, requested, .. } if requested == at)
        );
    }
    let mut writer = store.append(&id, Some(3)).await.unwrap();
    writer.write(Bytes::from_static(b"d")).await.unwrap();
    writer.close().await.unwrap();
    store.commit(&id, &Digest::of(b"abcd")).await.unwrap();
    let unknown = UploadId::random();
    let error = store.append(&unknown, None).await.err().unwrap();
    assert!(matches!(error, Error::UploadUnknown { .. }), "{error}");
}

pub(super) async fn aborted_and_expired_uploads_are_gone(place: &Place) {
    let store = place.blobs();
    let id = stage(&*store, &[b"abc"]).await;
    assert!(store.abort(&id).await.unwrap());
    assert!(!store.abort(&id).await.unwrap());
    assert_eq!(store.upload_offset(&id).await.unwrap(), None);
    let (old, busy) = (stage(&*store, &[b"a"]).await, stage(&*store, &[]).await);
    let writer = store.append(&busy, None).await.unwrap();
    assert_eq!(
        store.expire_uploads(Duration::from_secs(60)).await.unwrap(),
        0
    );
    assert_eq!(store.expire_uploads(Duration::ZERO).await.unwrap(), 1);
    assert_eq!(store.upload_offset(&old).await.unwrap(), None);
    assert_eq!(writer.close().await.unwrap(), 0);
    assert_eq!(store.upload_offset(&busy).await.unwrap(), Some(0));
}

pub(super) async fn concurrent_pushes_of_one_blob(place: &Place) {
    let store: std::sync::Arc<dyn BlobStore> = place.blobs().into();
    let content = Bytes::from(noise(700_000));
    let digest = Digest::of(&content);
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (store, content, digest) = (store.clone(), content.clone(), digest.clone());
            tokio::spawn(async move {
                let id = stage(&*store, &[&content]).await;
                store.commit(&id, &digest).await.unwrap();
                assert!(read(&*store, &digest).await.unwrap() == content);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

pub(super) async fn deleted_blobs_stay_readable_where_open(place: &Place) {
    let store = place.blobs();
    let content = noise(500_000);
    let digest = Digest::of(&content);
    let id = stage(&*store, &[&content]).await;
    store.commit(&id, &digest).await.unwrap();
    let open = store.open(&digest, None).await.unwrap().unwrap();
    assert!(store.delete(&digest).await.unwrap());
    assert!(!store.delete(&digest).await.unwrap());
    assert_eq!(store.stat(&digest).await.unwrap(), None);
    assert!(open.read(u64::MAX).await.unwrap() == content);
}
