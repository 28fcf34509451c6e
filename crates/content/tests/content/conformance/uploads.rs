//! Requirements for every [`lazaret_content::Metadata`]: uploads.

use std::time::Duration;

use lazaret_content::{Claim, Clock as _, Error, Finished, Staged, UploadId, UploadSession};
use lazaret_oci::{Algorithm, Digest};

use super::databases::{LEASE, Place, claimed, on_every_database, repository};

on_every_database! { uploads:
    an_upload_from_begin_to_finish
    one_writer_at_a_time
    a_lost_claim_can_do_nothing
    discarding
    expiring
    reserving_a_quota
    counting
    metadata_is_empty_until_something_is_named
    unknown_uploads
}

fn staged(size: u64) -> Staged {
    Staged {
        size,
        state: Some(format!("{{\"parts\":[\"{size}\"]}}")),
    }
}

pub(super) async fn reserving_a_quota(place: &Place) {
    let db = place.open().await;
    let (one, first) = claimed(&db, "a").await;
    let (two, second) = claimed(&db, "a").await;
    let (elsewhere, third) = claimed(&db, "b").await;
    db.reserve_upload(&one, &first, 6, 10).await.unwrap();
    let refused = db.reserve_upload(&two, &second, 5, 10).await;
    super::metadata::five_are_too_many(&refused);
    db.reserve_upload(&elsewhere, &third, 10, 10).await.unwrap();
    let lost = db.reserve_upload(&two, &first, 1, 10).await;
    assert!(matches!(lost, Err(Error::UploadBusy { .. })), "{lost:?}");
    // What was written counts instead of what was reserved.
    db.release_upload(&one, &first, &staged(3)).await.unwrap();
    db.reserve_upload(&two, &second, 7, 10).await.unwrap();
    assert!(db.discard_upload(&one, &first).await.unwrap());
    db.reserve_upload(&two, &second, 10, 10).await.unwrap();
}

pub(super) async fn metadata_is_empty_until_something_is_named(place: &Place) {
    let made = place.clock.now();
    let db = place.open().await;
    assert_eq!(db.empty_since().await.unwrap(), Some(made));
    place.clock.advance(Duration::from_secs(60));
    let again = place.open().await;
    assert_eq!(again.empty_since().await.unwrap(), Some(made));
    let (id, claim) = claimed(&db, "a").await;
    assert_eq!(again.empty_since().await.unwrap(), None);
    assert!(db.discard_upload(&id, &claim).await.unwrap());
    assert_eq!(again.empty_since().await.unwrap(), None, "there is garbage");
}

pub(super) async fn counting(place: &Place) {
    let db = place.open().await;
    let (name, most) = (repository("a"), 2);
    let open = db.open_uploads(&name, most).await.unwrap();
    assert_eq!((open.of_repository, open.of_all), (0, 0));
    let (id, claim) = claimed(&db, "a").await;
    claimed(&db, "b").await;
    let open = db.open_uploads(&name, most).await.unwrap();
    assert_eq!((open.of_repository, open.of_all), (1, 2));
    for _ in 0..3 {
        claimed(&db, "a").await;
    }
    let open = db.open_uploads(&name, most).await.unwrap();
    assert_eq!((open.of_repository, open.of_all), (2, 2));
    assert!(db.discard_upload(&id, &claim).await.unwrap());
    let open = db.open_uploads(&name, 100).await.unwrap();
    assert_eq!((open.of_repository, open.of_all), (3, 4));
}

pub(super) async fn an_upload_from_begin_to_finish(place: &Place) {
    let db = place.open().await;
    let session = UploadSession {
        id: UploadId::random(),
        repository: repository("acme/app"),
        algorithm: Algorithm::Sha512,
        staged: Staged::default(),
    };
    assert_eq!(db.upload(&session.id).await.unwrap(), None);
    db.begin_upload(&session).await.unwrap();
    let found = db.upload(&session.id).await.unwrap();
    assert_eq!(found.as_ref(), Some(&session));
    let claim = Claim::random();
    let got = db.claim_upload(&session.id, &claim, LEASE).await.unwrap();
    assert_eq!(got, session);
    db.release_upload(&session.id, &claim, &staged(7))
        .await
        .unwrap();
    // Another replica continues.
    let other = place.open().await;
    let claim = Claim::random();
    let got = other
        .claim_upload(&session.id, &claim, LEASE)
        .await
        .unwrap();
    assert_eq!(got.staged, staged(7));
    let digest = Digest::with(Algorithm::Sha512, b"content");
    let finished = other
        .finish_upload(&session.id, &claim, &digest, 7, None)
        .await;
    assert_eq!(finished.unwrap(), Finished::Stored);
    assert_eq!(db.upload(&session.id).await.unwrap(), None);
    let blob = db
        .blob(&session.repository, &digest)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((blob.object, blob.size), (session.id, 7));
    assert_eq!(db.garbage(place.later(), 9).await.unwrap(), []);
}

pub(super) async fn one_writer_at_a_time(place: &Place) {
    let db = place.open().await;
    let (id, claim) = claimed(&db, "a").await;
    let other = Claim::random();
    let refused = db.claim_upload(&id, &other, LEASE).await;
    assert!(
        matches!(refused, Err(Error::UploadBusy { .. })),
        "{refused:?}"
    );
    // The holder may claim it again.
    db.claim_upload(&id, &claim, LEASE).await.unwrap();
    place.clock.advance(LEASE - Duration::from_millis(1));
    assert!(db.renew_claim(&id, &claim, LEASE).await.unwrap());
    place.clock.advance(LEASE - Duration::from_millis(1));
    let refused = db.claim_upload(&id, &other, LEASE).await;
    assert!(
        matches!(refused, Err(Error::UploadBusy { .. })),
        "{refused:?}"
    );
    place.clock.advance(Duration::from_millis(1));
    db.claim_upload(&id, &other, LEASE).await.unwrap();
    assert!(!db.renew_claim(&id, &claim, LEASE).await.unwrap());
}

pub(super) async fn a_lost_claim_can_do_nothing(place: &Place) {
    let db = place.open().await;
    let (id, old) = claimed(&db, "a").await;
    place.clock.advance(LEASE);
    let new = Claim::random();
    db.claim_upload(&id, &new, LEASE).await.unwrap();
    let digest = Digest::of(b"1");
    for refused in [
        db.release_upload(&id, &old, &staged(1)).await.err(),
        db.finish_upload(&id, &old, &digest, 1, None).await.err(),
        db.discard_upload(&id, &old).await.err(),
    ] {
        assert!(
            matches!(refused, Some(Error::UploadBusy { .. })),
            "{refused:?}"
        );
    }
    let found = db.upload(&id).await.unwrap().unwrap();
    assert_eq!(found.staged, Staged::default());
    assert_eq!(db.blob(&repository("a"), &digest).await.unwrap(), None);
    // A claim whose lease is over is still valid while no other writer claims the upload.
    place.clock.advance(LEASE * 2);
    db.finish_upload(&id, &new, &digest, 1, None).await.unwrap();
}

pub(super) async fn discarding(place: &Place) {
    let db = place.open().await;
    let (id, claim) = claimed(&db, "a").await;
    let other = Claim::random();
    let refused = db.discard_upload(&id, &other).await;
    assert!(
        matches!(refused, Err(Error::UploadBusy { .. })),
        "{refused:?}"
    );
    db.release_upload(&id, &claim, &staged(3)).await.unwrap();
    assert!(db.discard_upload(&id, &other).await.unwrap());
    assert!(!db.discard_upload(&id, &other).await.unwrap());
    let garbage = db.garbage(place.later(), 9).await.unwrap();
    assert_eq!(garbage.len(), 1);
    assert_eq!((&garbage[0].object, &garbage[0].staged), (&id, &staged(3)));
}

pub(super) async fn expiring(place: &Place) {
    let db = place.open().await;
    let idle = Duration::from_secs(3600);
    let mut old = Vec::new();
    for _ in 0..450 {
        let session = UploadSession {
            id: UploadId::random(),
            repository: repository("a"),
            algorithm: Algorithm::Sha256,
            staged: staged(5),
        };
        db.begin_upload(&session).await.unwrap();
        old.push(session.id);
    }
    let (written, writer) = claimed(&db, "a").await;
    place.clock.advance(idle);
    db.release_upload(&written, &writer, &staged(9))
        .await
        .unwrap();
    let (active, claim) = claimed(&db, "a").await;
    assert_eq!(db.expire_uploads(idle).await.unwrap(), 450);
    assert_eq!(db.expire_uploads(idle).await.unwrap(), 0);
    assert_eq!(db.upload(&old[7]).await.unwrap(), None);
    assert!(db.upload(&written).await.unwrap().is_some());
    let mut garbage: Vec<_> = db.garbage(place.later(), 1000).await.unwrap();
    assert!(garbage.iter().all(|entry| entry.staged == staged(5)));
    garbage.sort_by(|a, b| a.object.cmp(&b.object));
    old.sort();
    assert!(garbage.iter().map(|entry| &entry.object).eq(&old));
    // A claim that is renewed keeps its upload, however long it takes.
    for _ in 0..200 {
        place.clock.advance(LEASE - Duration::from_secs(1));
        assert!(db.renew_claim(&active, &claim, LEASE).await.unwrap());
    }
    assert_eq!(db.expire_uploads(Duration::ZERO).await.unwrap(), 1);
    assert!(db.upload(&active).await.unwrap().is_some());
    assert_eq!(db.upload(&written).await.unwrap(), None);
}

pub(super) async fn unknown_uploads(place: &Place) {
    let db = place.open().await;
    let (id, claim) = (UploadId::random(), Claim::random());
    for unknown in [
        db.claim_upload(&id, &claim, LEASE).await.err(),
        db.release_upload(&id, &claim, &staged(1)).await.err(),
        db.finish_upload(&id, &claim, &Digest::of(b""), 0, None)
            .await
            .err(),
    ] {
        assert!(
            matches!(unknown, Some(Error::UploadUnknown { .. })),
            "{unknown:?}"
        );
    }
    assert!(!db.renew_claim(&id, &claim, LEASE).await.unwrap());
    assert!(!db.discard_upload(&id, &claim).await.unwrap());
}
