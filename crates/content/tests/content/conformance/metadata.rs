//! Requirements for every [`lazaret_content::Metadata`]: manifests, tags and blobs.

use std::time::Duration;

use lazaret_content::{Error, Finished, ManifestSelector, NewManifest, Page, Unlinked, UploadId};
use lazaret_oci::{Algorithm, Digest, media_type};

use super::databases::{
    Place, by_digest, by_tag, manifest, manifest_of, on_every_database, push, push_finished,
    repository, tag,
};

on_every_database! { metadata:
    manifests_are_found_by_tag_and_digest
    everything_survives_a_restart
    repositories_do_not_see_each_other
    a_manifest_can_be_pushed_again
    deleting_a_manifest_takes_its_tags
    deleting_a_tag_keeps_the_manifest
    immutable_tags_stay
    a_manifest_needs_its_blobs
    a_manifest_states_the_sizes_of_its_content
    an_index_may_need_its_manifests
    a_manifest_with_ten_thousand_layers
    blobs_belong_to_repositories
    blobs_that_manifests_name_stay
    mounting
    a_manifest_of_an_immutable_tag_stays
    quotas
    manifests_count_for_quotas
    a_quarantined_blob_is_not_there_until_pushed_again
}

pub(super) async fn manifests_are_found_by_tag_and_digest(place: &Place) {
    let db = place.open().await;
    let name = repository("acme/app");
    assert_eq!(by_tag(&db, "acme/app", "v1").await, None);
    let first = manifest("one", &["v1", "latest", "v1"]);
    db.put_manifest(&name, first.clone()).await.unwrap();
    let stored = by_tag(&db, "acme/app", "v1").await.unwrap();
    assert_eq!(stored.digest, first.digest);
    assert_eq!(stored.bytes, "one");
    assert_eq!(stored.media_type, media_type::MANIFEST);
    let found = by_digest(&db, "acme/app", &first.digest).await;
    assert_eq!(found, Some(stored));
    let second = manifest("two", &["v1"]);
    db.put_manifest(&name, second).await.unwrap();
    assert_eq!(by_tag(&db, "acme/app", "v1").await.unwrap().bytes, "two");
    let latest = by_tag(&db, "acme/app", "latest").await.unwrap();
    assert_eq!(latest.bytes, "one");
    let mut long = manifest("long", &[]);
    long.digest = Digest::with(Algorithm::Sha512, b"long");
    long.bytes = vec![0, 255, 39, 0].into();
    db.put_manifest(&name, long.clone()).await.unwrap();
    let found = by_digest(&db, "acme/app", &long.digest).await.unwrap();
    assert_eq!(found.bytes, long.bytes);
}

pub(super) async fn everything_survives_a_restart(place: &Place) {
    let name = repository("acme/app");
    let db = place.open().await;
    let (blob, object) = push(&db, "acme/app", "blob").await;
    db.put_manifest(&name, manifest_of("one", &["v1"], &[&blob]))
        .await
        .unwrap();
    drop(db);
    let db = place.open().await;
    let found = db.blob(&name, &blob).await.unwrap().unwrap();
    assert_eq!((found.object, found.size), (object, 4));
    assert_eq!(by_tag(&db, "acme/app", "v1").await.unwrap().bytes, "one");
    db.ping().await.unwrap();
}

pub(super) async fn repositories_do_not_see_each_other(place: &Place) {
    let db = place.open().await;
    let new = manifest("one", &["v1"]);
    let digest = new.digest.clone();
    db.put_manifest(&repository("a"), new).await.unwrap();
    assert_eq!(by_digest(&db, "b", &digest).await, None);
    assert_eq!(by_tag(&db, "b", "v1").await, None);
    let tags = db.tags(&repository("b"), Page::default()).await.unwrap();
    assert_eq!(tags, None);
}

pub(super) async fn a_manifest_can_be_pushed_again(place: &Place) {
    let db = place.open().await;
    let name = repository("a");
    let (one, _) = push(&db, "a", "1").await;
    let (two, _) = push(&db, "a", "2").await;
    let first = manifest_of("m", &["v1"], &[&one, &one]);
    db.put_manifest(&name, first.clone()).await.unwrap();
    place.clock.advance(Duration::from_secs(5));
    let again = NewManifest {
        media_type: "application/x".to_owned(),
        blobs: vec![two.clone()],
        tags: vec![tag("v2")],
        ..first.clone()
    };
    db.put_manifest(&name, again).await.unwrap();
    assert_eq!(
        by_tag(&db, "a", "v1").await.unwrap().media_type,
        "application/x"
    );
    let contents = db.contents(&name).await.unwrap().unwrap();
    assert_eq!(contents.manifests.len(), 1);
    assert_eq!(contents.manifests[0].pushed, place.now());
    let updated: Vec<_> = contents.tags.iter().map(|tag| tag.updated).collect();
    assert_eq!(updated, [place.now() - Duration::from_secs(5), place.now()]);
    // Only now does it name the second blob.
    assert_eq!(db.unlink_blob(&name, &one).await.unwrap(), Unlinked::Done);
    assert_eq!(db.unlink_blob(&name, &two).await.unwrap(), Unlinked::InUse);
    // It is counted once: after its deletion, the repository is not listed any more.
    assert!(db.delete_manifest(&name, &first.digest, &[]).await.unwrap());
    let listed = db.repositories(Page::default()).await.unwrap();
    assert_eq!(listed.items, []);
}

pub(super) async fn deleting_a_manifest_takes_its_tags(place: &Place) {
    let db = place.open().await;
    let name = repository("a");
    let (one, two) = (manifest("one", &["v1", "x"]), manifest("two", &["v2"]));
    let digest = one.digest.clone();
    db.put_manifest(&name, one).await.unwrap();
    db.put_manifest(&name, two).await.unwrap();
    assert!(db.delete_manifest(&name, &digest, &[]).await.unwrap());
    assert!(!db.delete_manifest(&name, &digest, &[]).await.unwrap());
    assert_eq!(by_digest(&db, "a", &digest).await, None);
    assert_eq!(by_tag(&db, "a", "v1").await, None);
    let left = db.tags(&name, Page::default()).await.unwrap().unwrap();
    assert_eq!(left.items, [tag("v2")]);
    let absent = repository("absent");
    assert!(!db.delete_manifest(&absent, &digest, &[]).await.unwrap());
    assert_eq!(db.tags(&absent, Page::default()).await.unwrap(), None);
}

pub(super) async fn deleting_a_tag_keeps_the_manifest(place: &Place) {
    let db = place.open().await;
    let name = repository("a");
    let new = manifest("one", &["v1"]);
    let digest = new.digest.clone();
    db.put_manifest(&name, new).await.unwrap();
    assert!(db.delete_tag(&name, &tag("v1")).await.unwrap());
    assert!(!db.delete_tag(&name, &tag("v1")).await.unwrap());
    assert_eq!(by_tag(&db, "a", "v1").await, None);
    assert!(by_digest(&db, "a", &digest).await.is_some());
}

pub(super) async fn immutable_tags_stay(place: &Place) {
    let db = place.open().await;
    let name = repository("a");
    let one = manifest("one", &["v1"]);
    db.put_manifest(&name, one.clone()).await.unwrap();
    let two = NewManifest {
        tags_are_immutable: true,
        ..manifest("two", &["new", "v1"])
    };
    let refused = db.put_manifest(&name, two.clone()).await;
    let Err(Error::TagImmutable { tag: kept, digest }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((kept, digest), (tag("v1"), one.digest.clone()));
    assert_eq!(by_tag(&db, "a", "new").await, None);
    assert_eq!(by_digest(&db, "a", &two.digest).await, None);
    let same = NewManifest {
        tags_are_immutable: true,
        ..manifest("one", &["v1", "new"])
    };
    db.put_manifest(&name, same).await.unwrap();
    assert_eq!(by_tag(&db, "a", "new").await.unwrap().bytes, "one");
}

pub(super) async fn a_manifest_needs_its_blobs(place: &Place) {
    let db = place.open().await;
    let name = repository("a");
    let (here, _) = push(&db, "a", "here").await;
    let (elsewhere, _) = push(&db, "b", "elsewhere").await;
    let nowhere = Digest::of(b"nowhere");
    let new = manifest_of("m", &["v1"], &[&nowhere, &here, &elsewhere, &nowhere]);
    let refused = db.put_manifest(&name, new.clone()).await;
    let Err(Error::Missing { digests }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(digests, [nowhere.clone(), elsewhere.clone()]);
    assert_eq!(by_tag(&db, "a", "v1").await, None);
    // A refused manifest does not create the repository.
    let refused = db.put_manifest(&repository("new"), new).await;
    assert!(matches!(refused, Err(Error::Missing { digests }) if digests.len() == 3));
    let tags = db.tags(&repository("new"), Page::default()).await.unwrap();
    assert_eq!(tags, None);
}

pub(super) async fn a_manifest_states_the_sizes_of_its_content(place: &Place) {
    let db = place.open().await;
    let name = repository("a");
    let (blob, _) = push(&db, "a", "blob").await;
    let child = manifest("child", &[]);
    db.put_manifest(&name, child.clone()).await.unwrap();
    let absent = Digest::of(b"absent");
    let stated = |size, child_size| NewManifest {
        blobs: vec![blob.clone()],
        manifests: vec![child.digest.clone(), absent.clone()],
        sizes: vec![
            (blob.clone(), 4),
            (blob.clone(), size),
            (child.digest.clone(), child_size),
            (absent.clone(), 99),
        ],
        ..manifest(&format!("{size} {child_size}"), &["v1"])
    };
    for (wrong, expected) in [
        (stated(5, 5), (blob.clone(), 5, 4)),
        (stated(4, 6), (child.digest.clone(), 6, 5)),
    ] {
        let refused = db.put_manifest(&name, wrong).await;
        let Err(Error::SizeContradicted {
            digest,
            stated,
            actual,
        }) = refused
        else {
            panic!("{refused:?}");
        };
        assert_eq!((digest, stated, actual), expected);
    }
    assert_eq!(by_tag(&db, "a", "v1").await, None);
    db.put_manifest(&name, stated(4, 5)).await.unwrap();
}

pub(super) async fn an_index_may_need_its_manifests(place: &Place) {
    let db = place.open().await;
    let name = repository("a");
    let child = manifest("child", &[]);
    let absent = Digest::of(b"absent");
    let index = NewManifest {
        manifests: vec![absent.clone(), child.digest.clone()],
        needs_manifests: true,
        ..manifest("index", &["v1"])
    };
    db.put_manifest(&name, child.clone()).await.unwrap();
    let refused = db.put_manifest(&name, index.clone()).await;
    assert!(matches!(refused, Err(Error::Missing { digests }) if digests == [absent.clone()]));
    let sparse = NewManifest {
        needs_manifests: false,
        ..index.clone()
    };
    db.put_manifest(&name, sparse).await.unwrap();
    let contents = db.contents(&name).await.unwrap().unwrap();
    let stored = contents
        .manifests
        .iter()
        .find(|manifest| manifest.digest == index.digest)
        .unwrap();
    let mut named = vec![absent, child.digest];
    named.sort();
    assert_eq!(stored.manifests, named);
}

pub(super) async fn a_manifest_with_ten_thousand_layers(place: &Place) {
    let db = place.open().await;
    let name = repository("a");
    let (blob, _) = push(&db, "a", "blob").await;
    let mut blobs: Vec<Digest> = (0..10_000_u32)
        .map(|number| Digest::of(&number.to_be_bytes()))
        .collect();
    blobs.push(blob.clone());
    let new = NewManifest {
        blobs: blobs.clone(),
        ..manifest("m", &["v1"])
    };
    let refused = db.put_manifest(&name, new).await;
    let Err(Error::Missing { digests }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(digests, blobs[..10_000]);
    let index = NewManifest {
        manifests: blobs.clone(),
        blobs: vec![blob; 10_000],
        ..manifest("m", &["v1"])
    };
    db.put_manifest(&name, index).await.unwrap();
    let contents = db.contents(&name).await.unwrap().unwrap();
    blobs.sort();
    assert_eq!(contents.manifests[0].manifests, blobs);
}

pub(super) async fn blobs_belong_to_repositories(place: &Place) {
    let db = place.open().await;
    let (a, b) = (repository("a"), repository("b"));
    let (digest, object, finished) = push_finished(&db, "a", "blob").await;
    assert_eq!(finished, Finished::Stored);
    let leased = place.now();
    assert_eq!(db.blob(&b, &digest).await.unwrap(), None);
    place.clock.advance(Duration::from_secs(1));
    // The same content again, elsewhere: one object holds it.
    let (_, other, finished) = push_finished(&db, "b", "blob").await;
    assert_eq!(finished, Finished::Duplicate);
    let here = db.blob(&b, &digest).await.unwrap().unwrap();
    assert_eq!((&here.object, here.leased), (&object, place.now()));
    let garbage = db.garbage(place.later(), 10).await.unwrap();
    assert_eq!(garbage.len(), 1);
    assert_eq!(garbage[0].object, other);
    assert_eq!(db.blob(&a, &digest).await.unwrap().unwrap().leased, leased);
    assert!(db.renew_blob(&a, &digest).await.unwrap());
    let renewed = db.blob(&a, &digest).await.unwrap().unwrap();
    assert_eq!(renewed.leased, place.now());
    assert_eq!(
        db.repositories_with(&digest, 5).await.unwrap(),
        [a.clone(), b.clone()]
    );
    let first = db.repositories_with(&digest, 1).await.unwrap();
    assert_eq!(first, std::slice::from_ref(&a));
    assert_eq!(db.unlink_blob(&a, &digest).await.unwrap(), Unlinked::Done);
    assert_eq!(db.unlink_blob(&a, &digest).await.unwrap(), Unlinked::Absent);
    assert_eq!(db.blob(&a, &digest).await.unwrap(), None);
    assert!(!db.renew_blob(&a, &digest).await.unwrap());
    assert!(db.blob(&b, &digest).await.unwrap().is_some());
    let absent = repository("absent");
    assert_eq!(
        db.unlink_blob(&absent, &digest).await.unwrap(),
        Unlinked::Absent
    );
    // A repository with blobs only has an empty list of tags, and is not listed itself.
    let tags = db.tags(&b, Page::default()).await.unwrap().unwrap();
    assert_eq!(tags.items, []);
    assert_eq!(db.repositories(Page::default()).await.unwrap().items, []);
}

pub(super) async fn blobs_that_manifests_name_stay(place: &Place) {
    let db = place.open().await;
    let name = repository("a");
    let (blob, _) = push(&db, "a", "blob").await;
    let new = manifest_of("m", &[], &[&blob]);
    db.put_manifest(&name, new.clone()).await.unwrap();
    assert_eq!(db.unlink_blob(&name, &blob).await.unwrap(), Unlinked::InUse);
    assert!(db.blob(&name, &blob).await.unwrap().is_some());
    assert!(db.delete_manifest(&name, &new.digest, &[]).await.unwrap());
    assert_eq!(db.unlink_blob(&name, &blob).await.unwrap(), Unlinked::Done);
}

pub(super) async fn mounting(place: &Place) {
    let db = place.open().await;
    let (a, b) = (repository("a"), repository("b"));
    let (digest, object) = push(&db, "a", "blob").await;
    let absent = repository("absent");
    let mounted = db.mount_blob(&b, &absent, &digest, None).await.unwrap();
    assert_eq!(mounted, None);
    // It had no effect.
    assert_eq!(db.tags(&b, Page::default()).await.unwrap(), None);
    place.clock.advance(Duration::from_secs(1));
    let mounted = db.mount_blob(&b, &a, &digest, None).await.unwrap().unwrap();
    assert_eq!((&mounted.object, mounted.leased), (&object, place.now()));
    assert_eq!(db.blob(&b, &digest).await.unwrap(), Some(mounted));
    assert_eq!(db.unlink_blob(&a, &digest).await.unwrap(), Unlinked::Done);
    assert_eq!(db.mount_blob(&b, &a, &digest, None).await.unwrap(), None);
    let again = db.mount_blob(&b, &b, &digest, Some(0)).await.unwrap();
    assert!(again.is_some(), "what is there already costs nothing");
}

pub(super) async fn a_manifest_of_an_immutable_tag_stays(place: &Place) {
    let db = place.open().await;
    let name = repository("a");
    let new = manifest("one", &["latest", "v1"]);
    db.put_manifest(&name, new.clone()).await.unwrap();
    let immutable = ["v*".parse().unwrap()];
    let refused = db.delete_manifest(&name, &new.digest, &immutable).await;
    assert!(
        matches!(&refused, Err(Error::TagImmutable { tag, .. }) if tag.as_str() == "v1"),
        "{refused:?}"
    );
    assert!(by_tag(&db, "a", "latest").await.is_some());
    assert!(db.delete_tag(&name, &tag("v1")).await.unwrap());
    assert!(
        db.delete_manifest(&name, &new.digest, &immutable)
            .await
            .unwrap()
    );
}

pub(super) async fn manifests_count_for_quotas(place: &Place) {
    let db = place.open().await;
    let name = repository("a");
    let (six, _) = push(&db, "a", "123456").await;
    let with_quota = |text: &str, quota| NewManifest {
        quota: Some(quota),
        ..manifest(text, &[])
    };
    let refused = db.put_manifest(&name, with_quota("12345", 10)).await;
    five_are_too_many(&refused);
    let four = with_quota("1234", 10);
    db.put_manifest(&name, four.clone()).await.unwrap();
    db.put_manifest(&name, four.clone())
        .await
        .expect("what is there already costs nothing");
    let (other, _) = push(&db, "b", "1").await;
    let refused = db
        .mount_blob(&name, &repository("b"), &other, Some(10))
        .await;
    assert!(
        matches!(refused, Err(Error::QuotaExceeded { used: 10, .. })),
        "{refused:?}"
    );
    assert!(db.delete_manifest(&name, &four.digest, &[]).await.unwrap());
    assert_eq!(db.unlink_blob(&name, &six).await.unwrap(), Unlinked::Done);
    db.put_manifest(&name, with_quota("1234567890", 10))
        .await
        .unwrap();
    assert_eq!(place.audit().await, Vec::<String>::new());
}

/// Asserts that 5 bytes were refused beside 6 of a quota of 10.
pub(super) fn five_are_too_many<T: std::fmt::Debug>(refused: &Result<T, Error>) {
    assert!(
        matches!(
            refused,
            Err(Error::QuotaExceeded {
                limit: 10,
                used: 6,
                wanted: 5
            })
        ),
        "{refused:?}"
    );
}

pub(super) async fn quotas(place: &Place) {
    let db = place.open().await;
    let (a, b) = (repository("a"), repository("b"));
    let limit = Some(10);
    let (six, _) = push(&db, "a", "123456").await;
    let (five, _) = push(&db, "b", "12345").await;
    let refused = db.mount_blob(&a, &b, &five, limit).await;
    five_are_too_many(&refused);
    assert_eq!(db.blob(&a, &five).await.unwrap(), None);
    let (id, claim) = super::databases::claimed(&db, "a").await;
    let refused = db.finish_upload(&id, &claim, &five, 5, limit).await;
    assert!(
        matches!(refused, Err(Error::QuotaExceeded { .. })),
        "{refused:?}"
    );
    assert!(
        db.upload(&id).await.unwrap().is_some(),
        "it can be tried again"
    );
    assert_eq!(db.unlink_blob(&a, &six).await.unwrap(), Unlinked::Done);
    db.finish_upload(&id, &claim, &five, 5, limit)
        .await
        .unwrap();
    // Content that was there before is not counted twice.
    let (id, claim) = super::databases::claimed(&db, "a").await;
    let size = db
        .finish_upload(&id, &claim, &five, 5, Some(5))
        .await
        .unwrap();
    assert_eq!(size, Finished::Duplicate);
    let (id, claim) = super::databases::claimed(&db, "new").await;
    let refused = db.finish_upload(&id, &claim, &six, 6, Some(5)).await;
    assert!(
        matches!(refused, Err(Error::QuotaExceeded { used: 0, .. })),
        "{refused:?}"
    );
    let tags = db.tags(&repository("new"), Page::default()).await.unwrap();
    assert_eq!(tags, None, "a refused upload makes no repository");
}

pub(super) async fn a_quarantined_blob_is_not_there_until_pushed_again(place: &Place) {
    let db = place.open().await;
    let (a, b) = (repository("a"), repository("b"));
    let (digest, bad) = push(&db, "a", "blob").await;
    db.mount_blob(&b, &a, &digest, None).await.unwrap().unwrap();
    let other = UploadId::random();
    assert!(!db.quarantine(&digest, &other).await.unwrap());
    assert!(db.serves_blobs().await.unwrap());
    assert!(db.quarantine(&digest, &bad).await.unwrap());
    assert!(!db.serves_blobs().await.unwrap());
    assert_eq!(db.blob(&a, &digest).await.unwrap(), None);
    assert!(!db.renew_blob(&a, &digest).await.unwrap());
    assert_eq!(db.repositories_with(&digest, 5).await.unwrap(), []);
    assert_eq!(db.mount_blob(&b, &a, &digest, None).await.unwrap(), None);
    let refused = db.put_manifest(&a, manifest_of("m", &[], &[&digest])).await;
    assert!(matches!(refused, Err(Error::Missing { .. })), "{refused:?}");
    assert!(db.release(&digest).await.unwrap());
    assert!(!db.release(&digest).await.unwrap());
    assert_eq!(db.blob(&a, &digest).await.unwrap().unwrap().object, bad);
    assert!(db.quarantine(&digest, &bad).await.unwrap());
    let (_, good, finished) = push_finished(&db, "c", "blob").await;
    assert_eq!(finished, Finished::Stored);
    for name in [&a, &b] {
        let found = db.blob(name, &digest).await.unwrap().unwrap();
        assert_eq!(found.object, good, "every repository has the good object");
    }
    let garbage = db.garbage(place.later(), 10).await.unwrap();
    assert_eq!(garbage.len(), 1);
    assert_eq!((&garbage[0].object, garbage[0].staged.size), (&bad, 4));
    let selector = ManifestSelector::Digest(digest);
    assert_eq!(db.manifest(&a, &selector).await.unwrap(), None);
}
