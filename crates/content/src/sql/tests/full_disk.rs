//! Tests a full disk, simulated by a limit in SQLite.

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
    assert!(
        matches!(refused, Err(Error::Database { .. })),
        "{refused:?}"
    );
    assert_eq!(db.contents(&name).await.unwrap(), before);
    // There is room again.
    db.put_manifest(&name, big.clone()).await.unwrap();
    let after = db.contents(&name).await.unwrap().unwrap();
    assert_eq!(after.manifests.len(), 2);
    assert_eq!(after.tags[0].digest, big.digest);
}
