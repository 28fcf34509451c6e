//! Tests of what stays in the bucket.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::ObjectStore as _;

use crate::objects::cloud::bucket::Bucket;
use crate::objects::cloud::keys::Keys;
use crate::objects::cloud::memory::Memory;
use crate::objects::cloud::parts::PartSizes;
use crate::{BlobStore as _, CloudObjects, Staged, UploadId};

const LARGE: usize = 12 * 1024 * 1024;

fn store() -> (CloudObjects, Arc<Memory>) {
    let memory = Arc::new(Memory::default());
    let bucket = Bucket {
        objects: memory.objects(),
        multipart: memory.clone(),
        signer: None,
    };
    let keys = Keys::new("some/where".into());
    let store = CloudObjects::new(bucket, keys, PartSizes::default());
    (store, memory)
}

async fn keys(memory: &Memory) -> Vec<String> {
    let objects = memory.objects();
    let all = objects
        .list(None)
        .map_ok(|found| found.location.to_string());
    all.try_collect().await.unwrap()
}

async fn append(store: &CloudObjects, id: &UploadId, staged: Staged, length: usize) -> Staged {
    let mut writer = store.append(id, staged, None).await.unwrap();
    writer.write(Bytes::from(vec![7; length])).await.unwrap();
    writer.close().await.unwrap().0
}

async fn drop_midway(store: &CloudObjects, id: &UploadId, staged: Staged) {
    let mut writer = store.append(id, staged, None).await.unwrap();
    writer.write(Bytes::from(vec![9; LARGE])).await.unwrap();
    drop(writer);
}

#[tokio::test]
async fn only_the_object_stays_when_it_is_sealed() {
    for lengths in [
        &[0][..],
        &[10],
        &[10, 20],
        &[LARGE, 10, LARGE, 5],
        &[400_000; 20],
    ] {
        let (store, memory) = store();
        let id = UploadId::random();
        let mut staged = Staged::default();
        for length in lengths {
            staged = append(&store, &id, staged, *length).await;
        }
        store.seal(&id, &staged).await.unwrap();
        let digits = &id.as_str()[..2];
        assert_eq!(
            keys(&memory).await,
            [format!("some/where/objects/{digits}/{id}")]
        );
        assert_eq!(memory.unfinished(), 0);
    }
}

#[tokio::test]
async fn uploads_of_writers_that_died_are_aborted() {
    let (store, memory) = store();
    let id = UploadId::random();
    drop_midway(&store, &id, Staged::default()).await;
    assert_eq!(memory.unfinished(), 1);
    let staged = append(&store, &id, Staged::default(), LARGE).await;
    assert_eq!(memory.unfinished(), 1);
    store.seal(&id, &staged).await.unwrap();
    assert_eq!(memory.unfinished(), 0);
}

#[tokio::test]
async fn deleting_takes_what_nobody_remembers() {
    let (store, memory) = store();
    let id = UploadId::random();
    let staged = append(&store, &id, Staged::default(), 10).await;
    append(&store, &id, staged.clone(), 20).await;
    drop_midway(&store, &id, staged).await;
    assert_eq!(memory.unfinished(), 1);
    store.delete(&id, &Staged::default()).await.unwrap();
    assert_eq!(keys(&memory).await, Vec::<String>::new());
    assert_eq!(memory.unfinished(), 0);
}

#[tokio::test]
async fn foreign_keys_are_left_alone() {
    let (store, memory) = store();
    let objects = memory.objects();
    let id = UploadId::random();
    append(&store, &id, Staged::default(), 10).await;
    for foreign in [
        "some/where/objects/readme".to_owned(),
        format!("some/where/objects/zz/{id}"),
        format!("some/where/objects/{}/{id}/more", &id.as_str()[..2]),
        format!("some/where/uploads/{}/{id}/other", &id.as_str()[..2]),
        format!("some/where/uploads/{}/{id}x", &id.as_str()[..2]),
    ] {
        let payload = Bytes::new().into();
        let key = foreign.into();
        let put = objects.put_opts(&key, payload, Default::default());
        put.await.unwrap();
    }
    let listed = store.list(None, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0].id, listed[0].size), (&id, 10));
    store.delete(&id, &Staged::default()).await.unwrap();
    assert_eq!(keys(&memory).await.len(), 5);
}
