//! Tests of opening databases: new ones, old ones, invalid ones, several at once.

use std::sync::Arc;

use lazaret_content::{Claim, Durability, Error, Page, SqlMetadata, SystemClock};
use lazaret_values::Chain;

use crate::conformance::databases::{LEASE, Place, Replica, claimed, manifest, repository};

/// Replicas that start together see one schema, which is made once.
async fn several_open_at_once(place: &Place) {
    let opened = futures_util::future::join_all((0..6).map(|_| place.open())).await;
    for (number, db) in opened.iter().enumerate() {
        let new = manifest(&number.to_string(), &["v1"]);
        db.put_manifest(&repository("a"), new).await.unwrap();
    }
    assert_eq!(place.audit().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_is_opened_by_several_at_once() {
    several_open_at_once(&Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_is_opened_by_several_at_once() {
    several_open_at_once(&Place::postgres()).await;
}

async fn newer_than_the_program(place: &Place) {
    drop(place.open().await);
    place
        .tamper("UPDATE lazaret_schema SET version = 1000")
        .await;
    let error = place.try_open().await.err().unwrap();
    let text = Chain(&error).to_string();
    assert!(
        text.contains("schema 1000") && text.contains("newer"),
        "{text}"
    );
}

#[tokio::test]
async fn sqlite_newer_than_the_program_is_refused() {
    newer_than_the_program(&Place::sqlite()).await;
}

#[tokio::test]
async fn postgres_newer_than_the_program_is_refused() {
    newer_than_the_program(&Place::postgres()).await;
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "something else".repeat(1000)).unwrap();
    let open = |path| SqlMetadata::sqlite(path, Durability::Synced, Arc::new(SystemClock));
    let error = open(&path).await.err().unwrap();
    assert!(
        Chain(&error).to_string().contains("not a database"),
        "{error:?}"
    );
    assert!(open(&folder.path().join("absent/file")).await.is_err());
    for url in [
        "mysql://localhost/x",
        "nonsense",
        "postgres:///x?host=/nowhere",
    ] {
        let opened = SqlMetadata::postgres(url, 1, Arc::new(SystemClock)).await;
        let is_fitting =
            |error: &Error| matches!(error, Error::Database { .. } | Error::Unavailable { .. });
        assert!(
            opened.err().is_some_and(|error| is_fitting(&error)),
            "{url}"
        );
    }
}

#[tokio::test]
async fn claims_end_with_their_process_and_not_before() {
    let place = Place::sqlite();
    let db = place.open().await;
    let (id, claim) = claimed(&db, "a").await;
    // Another process opens the database while the first one lives.
    let other = place.open().await;
    let refused = other.claim_upload(&id, &Claim::random(), LEASE).await;
    assert!(
        matches!(refused, Err(Error::UploadBusy { .. })),
        "{refused:?}"
    );
    drop(other);
    assert!(db.renew_claim(&id, &claim, LEASE).await.unwrap());
    drop(db);
    let db = place.open().await;
    db.claim_upload(&id, &Claim::random(), LEASE).await.unwrap();
}

#[tokio::test]
async fn one_connection_is_enough() {
    let url = lazaret_testing::postgres::database();
    let db = SqlMetadata::postgres(&url, 1, Arc::new(SystemClock)).await;
    let db: Replica = Arc::new(db.unwrap());
    let pushes = (0..20).map(|number| {
        let db = db.clone();
        async move {
            let name = repository(&format!("a{number}"));
            db.put_manifest(&name, manifest("m", &["v1"]))
                .await
                .unwrap();
            claimed(&db, name.as_str()).await
        }
    });
    futures_util::future::join_all(pushes).await;
    let listed = db.repositories(Page::default()).await.unwrap();
    assert_eq!(listed.items.len(), 20);
}
