//! Tests a full disk: simulated by a limit in SQLite, and by a reserve that nothing can satisfy.

use super::{manifest, repository, sqlite};
use crate::{Collection as _, Error, Metadata as _};

#[tokio::test]
async fn a_full_disk_fails_one_write_and_harms_none() {
    let folder = tempfile::tempdir().unwrap();
    let db = sqlite(folder.path()).await;
    let name = repository("a");
    db.put_manifest(&name, manifest(b"one", &["v1"]))
        .await
        .unwrap();
    let before = db.contents(&name).await.unwrap();
    // No more pages than exist.
    db.tamper("PRAGMA max_page_count = 1").await;
    let big = manifest(&[7; 1 << 20], &["v1"]);
    let refused = db.put_manifest(&name, big.clone()).await;
    assert!(matches!(refused, Err(Error::Full { .. })), "{refused:?}");
    assert_eq!(db.contents(&name).await.unwrap(), before);
    // There is room again.
    db.put_manifest(&name, big.clone()).await.unwrap();
    let after = db.contents(&name).await.unwrap().unwrap();
    assert_eq!(after.manifests.len(), 2);
    assert_eq!(after.tags[0].digest, big.digest);
}

#[tokio::test]
async fn what_grows_is_refused_before_the_disk_is_full_and_deletion_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let name = repository("a");
    let one = manifest(b"one", &["v1"]);
    let db = sqlite(folder.path()).await;
    db.put_manifest(&name, one.clone()).await.unwrap();
    let db = db.with_reserve(folder.path(), u64::MAX);
    let refused = db.put_manifest(&name, manifest(b"two", &[])).await;
    assert!(matches!(refused, Err(Error::Full { .. })), "{refused:?}");
    assert!(matches!(db.room().await, Err(Error::Full { .. })));
    assert!(db.delete_manifest(&name, &one.digest, &[]).await.unwrap());
    let db = db.with_reserve(folder.path(), 1);
    db.room().await.unwrap();
    assert!(folder.path().join("metadata.db-spare").exists());
}
