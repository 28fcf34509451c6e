//! Tests of lost connections and cancelled calls.

use std::time::Duration;

use lazaret_content::NewManifest;

use crate::conformance::databases::{
    Place, by_tag, claimed, manifest, on_every_database, push, repository,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_connections_are_replaced() {
    let place = Place::postgres();
    let db = place.open().await;
    let name = repository("a");
    db.put_manifest(&name, manifest("one", &["v1"]))
        .await
        .unwrap();
    for round in 0..5 {
        // All connections of the pool are in use at once.
        let reads = (0..8).map(|_| by_tag(&db, "a", "v1"));
        futures_util::future::join_all(reads).await;
        place
            .tamper(
                "SELECT CAST(pg_terminate_backend(pid) AS TEXT) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .await;
        assert!(by_tag(&db, "a", "v1").await.is_some());
        let new = manifest(&round.to_string(), &["v1"]);
        db.put_manifest(&name, new).await.unwrap();
        claimed(&db, "a").await;
    }
}

on_every_database! { trouble:
    callers_that_go_away_leave_nothing_half_done
}

pub(crate) async fn callers_that_go_away_leave_nothing_half_done(place: &Place) {
    let db = place.open().await;
    let (blob, _) = push(&db, "a", "blob").await;
    for number in 0..60_u64 {
        let (db, blob) = (db.clone(), blob.clone());
        let task = tokio::spawn(async move {
            let new = NewManifest {
                blobs: vec![blob.clone()],
                ..manifest(&number.to_string(), &["v1", "v2"])
            };
            let (a, b) = (repository("a"), repository("b"));
            db.put_manifest(&a, new.clone()).await.unwrap();
            db.mount_blob(&b, &a, &blob, None).await.unwrap();
            push(&db, "b", &number.to_string()).await;
            db.delete_manifest(&a, &new.digest, &[]).await.unwrap();
        });
        tokio::time::sleep(Duration::from_micros(number * 200)).await;
        task.abort();
        let _ = task.await;
    }
    assert_eq!(place.audit().await, Vec::<String>::new());
    // The next caller need not wait for the cancelled ones.
    db.put_manifest(&repository("a"), manifest("last", &["v1"]))
        .await
        .unwrap();
    assert_eq!(by_tag(&db, "a", "v1").await.unwrap().bytes, "last");
}
