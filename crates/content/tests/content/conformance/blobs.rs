//! Requirements for every [`lazaret_content::BlobStore`].

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use lazaret_content::{BlobStore, Error, Staged, UploadId};
use lazaret_oci::{Algorithm, Digest, Hasher};

use super::stores::{Place, on_every_store};

on_every_store! { blobs:
    sealed_content_can_be_read
    content_comes_in_chunks_of_any_size
    any_instance_continues
    a_dropped_writer_leaves_what_was_staged
    a_writer_dropped_at_the_beginning_leaves_nothing
    a_write_that_was_given_up_is_not_half_kept
    ranges_are_clamped
    hashers_see_every_byte_once
    sealing_again_succeeds
    nothing_is_left_of_deleted_objects
    objects_are_listed_in_order
    unknown_objects_are_unknown
    a_wrong_size_is_no_short_read
    writers_do_not_meet
}

const MIB: usize = 1024 * 1024;

/// Bytes that do not repeat at any distance that a store could confuse.
fn noise(length: usize) -> Bytes {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes.into()
}

/// Appends `content` in pieces of various sizes, as they arrive from a network.
async fn append(store: &dyn BlobStore, id: &UploadId, staged: Staged, content: &Bytes) -> Staged {
    append_hashed(store, id, staged, content, None).await.0
}

async fn append_hashed(
    store: &dyn BlobStore,
    id: &UploadId,
    staged: Staged,
    content: &Bytes,
    hasher: Option<Hasher>,
) -> (Staged, Option<Hasher>) {
    let before = staged.size;
    let mut writer = store.append(id, staged, hasher).await.unwrap();
    let mut left = content.clone();
    while !left.is_empty() {
        let piece = left.split_to(left.len().min(77_777));
        writer.write(piece).await.unwrap();
    }
    let (staged, hasher) = writer.close().await.unwrap();
    assert_eq!(staged.size, before + content.len() as u64);
    (staged, hasher)
}

async fn put(store: &dyn BlobStore, content: &Bytes) -> (UploadId, Staged) {
    let id = UploadId::random();
    let staged = append(store, &id, Staged::default(), content).await;
    store.seal(&id, &staged).await.unwrap();
    (id, staged)
}

async fn read(store: &dyn BlobStore, id: &UploadId, size: usize) -> Bytes {
    let blob = store.open(id, size as u64, None).await.unwrap().unwrap();
    assert_eq!(blob.size(), size as u64);
    blob.read(u64::MAX).await.unwrap()
}

async fn assert_content(store: &dyn BlobStore, id: &UploadId, expected: &[u8]) {
    let size = store.stat(id).await.unwrap();
    assert_eq!(size, Some(expected.len() as u64));
    assert!(read(store, id, expected.len()).await == expected);
}

/// The names of all objects, read in pages of `limit`.
async fn names(store: &dyn BlobStore, limit: usize) -> Vec<UploadId> {
    let mut names: Vec<UploadId> = Vec::new();
    loop {
        let page = store.list(names.last(), limit).await.unwrap();
        assert!(page.len() <= limit);
        if page.is_empty() {
            return names;
        }
        names.extend(page.into_iter().map(|object| object.id));
    }
}

pub(super) async fn sealed_content_can_be_read(place: &Place) {
    let store = place.open();
    for length in [
        0,
        1,
        65_536,
        65_537,
        5 * MIB - 1,
        5 * MIB,
        5 * MIB + 1,
        16 * MIB + 3,
    ] {
        let content = noise(length);
        let (id, _) = put(&*store, &content).await;
        assert_content(&*store, &id, &content).await;
        let blob = store.open(&id, length as u64, None).await.unwrap().unwrap();
        if length > 0 {
            let error = blob.read(length as u64 - 1).await.unwrap_err();
            assert!(matches!(error, Error::TooLarge { .. }), "{error}");
        }
    }
}

pub(super) async fn content_comes_in_chunks_of_any_size(place: &Place) {
    let store = place.open();
    for lengths in [
        &[0, 3, 0, 1, 0][..],
        &[1; 40],
        &[5 * MIB, 5 * MIB, 1],
        &[5 * MIB - 1, 1, 5 * MIB + 1, 0],
        &[12 * MIB, 0, 100, 300_000],
        &[700_000; 17],
    ] {
        let content = noise(lengths.iter().sum());
        let (id, mut staged, mut left) = (UploadId::random(), Staged::default(), content.clone());
        for length in lengths {
            let chunk = left.split_to(*length);
            staged = append(&*store, &id, staged, &chunk).await;
        }
        store.seal(&id, &staged).await.unwrap();
        assert_content(&*store, &id, &content).await;
    }
}

pub(super) async fn any_instance_continues(place: &Place) {
    for (first, length) in [
        (600_000, 1_000_000),
        (7 * MIB, 13 * MIB),
        (10 * MIB, 10 * MIB),
    ] {
        let content = noise(length);
        let id = UploadId::random();
        let store = place.open();
        let staged = append(&*store, &id, Staged::default(), &content.slice(..first)).await;
        drop(store);
        let store = place.open();
        let staged = append(&*store, &id, staged, &content.slice(first..)).await;
        drop(store);
        let store = place.open();
        store.seal(&id, &staged).await.unwrap();
        drop(store);
        assert_content(&*place.open(), &id, &content).await;
    }
}

pub(super) async fn a_dropped_writer_leaves_what_was_staged(place: &Place) {
    let store = place.open();
    for (first, lost, second) in [
        (2, 2_000_000, 1),
        (300_000, 13 * MIB, 100_000),
        (6 * MIB, 100_000, 8 * MIB),
        (6 * MIB, 17 * MIB, 3),
    ] {
        let id = UploadId::random();
        let content = noise(first + second);
        let staged = append(&*store, &id, Staged::default(), &content.slice(..first)).await;
        let mut writer = store.append(&id, staged.clone(), None).await.unwrap();
        let other = vec![b'x'; lost];
        for piece in other.chunks(300_000) {
            writer.write(Bytes::copy_from_slice(piece)).await.unwrap();
        }
        drop(writer);
        let staged = append(&*store, &id, staged, &content.slice(first..)).await;
        store.seal(&id, &staged).await.unwrap();
        assert_content(&*store, &id, &content).await;
    }
}

pub(super) async fn a_writer_dropped_at_the_beginning_leaves_nothing(place: &Place) {
    let store = place.open();
    let id = UploadId::random();
    let mut writer = store.append(&id, Staged::default(), None).await.unwrap();
    for piece in noise(12 * MIB).chunks(500_000) {
        writer.write(Bytes::copy_from_slice(piece)).await.unwrap();
    }
    drop(writer);
    let content = noise(100);
    let staged = append(&*store, &id, Staged::default(), &content).await;
    store.seal(&id, &staged).await.unwrap();
    assert_content(&*store, &id, &content).await;
}

pub(super) async fn a_write_that_was_given_up_is_not_half_kept(place: &Place) {
    let store = place.open();
    let content = noise(12 * MIB);
    for before in [0, 1_000, 600_000] {
        let id = UploadId::random();
        let hasher = Some(Hasher::new(Algorithm::Sha256));
        let mut writer = store.append(&id, Staged::default(), hasher).await.unwrap();
        writer.write(content.slice(..before)).await.unwrap();
        // The future is polled only once.
        let write = writer.write(content.slice(before..));
        let _ = tokio::time::timeout(Duration::ZERO, write).await;
        let Ok((staged, hasher)) = writer.close().await else {
            continue;
        };
        store.seal(&id, &staged).await.unwrap();
        let kept = &content[..usize::try_from(staged.size).unwrap()];
        assert_content(&*store, &id, kept).await;
        assert_eq!(hasher.unwrap().finish(), Digest::of(kept));
    }
}

pub(super) async fn ranges_are_clamped(place: &Place) {
    let store = place.open();
    for length in [10, 300_000, 11 * MIB] {
        let content = noise(length);
        let (id, _) = put(&*store, &content).await;
        let size = length as u64;
        for (range, expected) in [
            (0..0, 0..0),
            (0..1, 0..1),
            (3..7, 3..7),
            (size - 1..size, length - 1..length),
            (5..size * 2, 5..length),
            (size..size + 1, length..length),
            (size * 2..size * 3, length..length),
        ] {
            let blob = store.open(&id, size, Some(range.clone())).await.unwrap();
            let blob = blob.unwrap();
            assert_eq!(blob.size(), size);
            let told = blob.range();
            assert_eq!(told.end - told.start, expected.len() as u64);
            let bytes = blob.read(size).await.unwrap();
            assert!(bytes == content[expected], "{range:?} of {length}");
        }
    }
}

pub(super) async fn hashers_see_every_byte_once(place: &Place) {
    let store = place.open();
    for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
        let content = noise(12 * MIB);
        let id = UploadId::random();
        let (mut staged, mut hasher) = (Staged::default(), Some(Hasher::new(algorithm)));
        for part in [0..0, 0..1_000, 1_000..6 * MIB, 6 * MIB..12 * MIB] {
            let part = content.slice(part);
            (staged, hasher) = append_hashed(&*store, &id, staged, &part, hasher).await;
        }
        let digest = hasher.expect("the hasher that was given").finish();
        assert_eq!(digest, Digest::with(algorithm, &content));
    }
    let id = UploadId::random();
    let (_, hasher) = append_hashed(&*store, &id, Staged::default(), &noise(1_000), None).await;
    assert!(hasher.is_none());
}

pub(super) async fn sealing_again_succeeds(place: &Place) {
    for length in [0, 1_000, 5 * MIB, 12 * MIB] {
        let content = noise(length);
        let (id, staged) = put(&*place.open(), &content).await;
        let store = place.open();
        store.seal(&id, &staged).await.unwrap();
        assert_content(&*store, &id, &content).await;
    }
}

pub(super) async fn nothing_is_left_of_deleted_objects(place: &Place) {
    let store = place.open();
    for length in [0, 1_000, 12 * MIB] {
        let content = noise(length);
        let (sealed, of_sealed) = put(&*store, &content).await;
        let staged = UploadId::random();
        let of_staged = append(&*store, &staged, Staged::default(), &content).await;
        let forgotten = UploadId::random();
        append(&*store, &forgotten, Staged::default(), &content).await;
        for (id, known) in [
            (&sealed, &of_sealed),
            (&staged, &of_staged),
            (&forgotten, &Staged::default()),
        ] {
            store.delete(id, known).await.unwrap();
            store.delete(id, known).await.unwrap();
            assert_eq!(store.stat(id).await.unwrap(), None);
            assert!(store.open(id, length as u64, None).await.unwrap().is_none());
            assert!(!names(&*store, 100).await.contains(id), "{length}");
        }
        if length > 0 {
            let error = store.seal(&staged, &of_staged).await.unwrap_err();
            assert!(matches!(error, Error::UploadUnknown { .. }), "{error}");
        }
    }
}

pub(super) async fn objects_are_listed_in_order(place: &Place) {
    let store = place.open();
    let mut expected = Vec::new();
    for length in 0..20 {
        expected.push(put(&*store, &noise(length)).await.0);
    }
    let staged = UploadId::random();
    append(&*store, &staged, Staged::default(), &noise(10)).await;
    expected.push(staged);
    // Larger than a part of any store, and not sealed.
    let large = UploadId::random();
    append(&*store, &large, Staged::default(), &noise(12 * MIB)).await;
    expected.push(large);
    let sizes: Vec<_> = store.list(None, 100).await.unwrap();
    for (length, id) in expected.iter().take(20).enumerate() {
        let found = sizes.iter().find(|object| object.id == *id).unwrap();
        assert_eq!(found.size, length as u64);
    }
    expected.sort();
    for limit in [1, 3, 21, 100] {
        assert_eq!(names(&*store, limit).await, expected);
    }
    assert_eq!(store.list(None, 0).await.unwrap(), []);
}

pub(super) async fn unknown_objects_are_unknown(place: &Place) {
    let store = place.open();
    let id = UploadId::random();
    assert_eq!(store.stat(&id).await.unwrap(), None);
    assert!(store.open(&id, 10, None).await.unwrap().is_none());
    assert!(store.open(&id, 10, Some(20..30)).await.unwrap().is_none());
    store.delete(&id, &Staged::default()).await.unwrap();
    let staged = append(&*store, &id, Staged::default(), &noise(10)).await;
    store.delete(&id, &staged).await.unwrap();
    for staged in [
        staged,
        Staged {
            size: 10,
            state: None,
        },
    ] {
        let error = store.append(&id, staged.clone(), None).await.err().unwrap();
        assert!(matches!(error, Error::UploadUnknown { .. }), "{error}");
        let error = store.seal(&id, &staged).await.unwrap_err();
        assert!(matches!(error, Error::UploadUnknown { .. }), "{error}");
    }
}

pub(super) async fn a_wrong_size_is_no_short_read(place: &Place) {
    let store = place.open();
    for length in [10, 300_000] {
        let (id, _) = put(&*store, &noise(length)).await;
        for wrong in [length as u64 - 1, length as u64 + 1] {
            let error = match store.open(&id, wrong, None).await {
                Ok(blob) => blob.unwrap().read(u64::MAX).await.unwrap_err(),
                Err(error) => error,
            };
            assert!(error.to_string().contains("read"), "{error}");
        }
    }
}

pub(super) async fn writers_do_not_meet(place: &Place) {
    let store = place.open();
    let content = noise(700_000);
    let tasks: Vec<_> = (0..16)
        .map(|number| {
            let (store, content) = (Arc::clone(&store), content.slice(number..));
            tokio::spawn(async move {
                let (id, _) = put(&*store, &content).await;
                assert_content(&*store, &id, &content).await;
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}
