//! Requirements for [`lazaret_content::Mirrored::evict`].

use lazaret_content::{NewManifest, Page, Referrer, UploadId};
use lazaret_oci::{Descriptor, Digest, media_type};

use super::databases::{Place, by_digest, by_tag, manifest, on_every_database, repository};
use super::mirrored::{NAME, evict, fetch, has_blob, index_of, least, missing, naming, put, used};

on_every_database! { mirrored_eviction:
    eviction_takes_tags_children_and_blobs
    eviction_leaves_what_others_name
    eviction_leaves_what_was_used
    eviction_leaves_what_an_index_names
    eviction_takes_referrers_with_their_subject
    evicted_content_is_garbage_unless_another_repository_has_it
    an_evicted_tag_has_no_answer
}

pub(super) async fn eviction_takes_tags_children_and_blobs(place: &Place) {
    let db = place.open().await;
    let (here, absent) = (Digest::of(b"here"), Digest::of(b"absent"));
    let child = naming("child", &[], &[(&here, 4), (&absent, 9)]);
    let index = index_of("index", &["v1", "v2"], &[&child]);
    for new in [&index, &child] {
        put(&db, NAME, new).await;
    }
    fetch(&db, NAME, "here").await;
    used(place, &db, NAME, &index.digest).await;
    assert!(db.bytes_below("hub").await.unwrap() > 0);
    assert!(evict(place, &db, NAME, &index.digest).await);
    assert_eq!(by_tag(&db, NAME, "v1").await, None);
    assert_eq!(by_digest(&db, NAME, &index.digest).await, None);
    assert_eq!(by_digest(&db, NAME, &child.digest).await, None);
    assert!(!has_blob(&db, NAME, &here).await);
    assert_eq!(missing(&db, NAME, &absent).await, None);
    assert_eq!(db.bytes_below("hub").await.unwrap(), 0);
    assert_eq!(least(&db).await, []);
    assert!(!evict(place, &db, NAME, &index.digest).await, "it is gone");
    assert!(!evict(place, &db, "hub/nowhere", &index.digest).await);
}

pub(super) async fn eviction_leaves_what_others_name(place: &Place) {
    let db = place.open().await;
    let (shared, own) = (Digest::of(b"shared"), Digest::of(b"own"));
    let common = naming("common", &[], &[(&shared, 6)]);
    let one = naming("one", &[], &[(&shared, 6), (&own, 3)]);
    let (old, new) = (
        index_of("old", &["v1"], &[&common, &one]),
        index_of("new", &["v2"], &[&common]),
    );
    for manifest in [&old, &new, &common, &one] {
        put(&db, NAME, manifest).await;
    }
    fetch(&db, NAME, "shared").await;
    fetch(&db, NAME, "own").await;
    used(place, &db, NAME, &old.digest).await;
    used(place, &db, NAME, &new.digest).await;
    assert!(evict(place, &db, NAME, &old.digest).await);
    assert_eq!(by_digest(&db, NAME, &one.digest).await, None);
    assert!(!has_blob(&db, NAME, &own).await);
    assert!(by_digest(&db, NAME, &common.digest).await.is_some());
    assert!(has_blob(&db, NAME, &shared).await);
    assert!(by_tag(&db, NAME, "v2").await.is_some());
}

pub(super) async fn eviction_leaves_what_was_used(place: &Place) {
    let db = place.open().await;
    let blob = Digest::of(b"blob");
    let child = naming("child", &["own"], &[(&blob, 4)]);
    let index = index_of("index", &["v1"], &[&child]);
    for new in [&index, &child] {
        put(&db, NAME, new).await;
    }
    fetch(&db, NAME, "blob").await;
    let name = repository(NAME);
    assert!(
        !evict(place, &db, NAME, &index.digest).await,
        "nobody used it"
    );
    used(place, &db, NAME, &index.digest).await;
    let planned = least(&db).await.remove(0).used;
    used(place, &db, NAME, &index.digest).await;
    let gone = db.evict(&name, &index.digest, planned).await.unwrap();
    assert!(!gone, "it was used since");
    assert!(by_tag(&db, NAME, "v1").await.is_some());
    // A manifest that clients asked for itself is an image of its own.
    used(place, &db, NAME, &child.digest).await;
    assert!(evict(place, &db, NAME, &index.digest).await);
    assert_eq!(by_tag(&db, NAME, "v1").await, None);
    assert!(by_tag(&db, NAME, "own").await.is_some());
    assert!(has_blob(&db, NAME, &blob).await);
    assert!(evict(place, &db, NAME, &child.digest).await);
    assert!(!has_blob(&db, NAME, &blob).await);
}

pub(super) async fn eviction_leaves_what_an_index_names(place: &Place) {
    let db = place.open().await;
    let blob = Digest::of(b"blob");
    let child = naming("child", &[], &[(&blob, 4)]);
    let index = index_of("index", &["v1"], &[&child]);
    for new in [&index, &child] {
        put(&db, NAME, new).await;
    }
    fetch(&db, NAME, "blob").await;
    used(place, &db, NAME, &child.digest).await;
    used(place, &db, NAME, &index.digest).await;
    evict(place, &db, NAME, &child.digest).await;
    assert!(by_digest(&db, NAME, &child.digest).await.is_some());
    assert!(has_blob(&db, NAME, &blob).await);
    // It is not looked at again and again, and goes with its index.
    assert_eq!(least(&db).await.len(), 1);
    assert!(evict(place, &db, NAME, &index.digest).await);
    assert_eq!(by_digest(&db, NAME, &child.digest).await, None);
    assert!(!has_blob(&db, NAME, &blob).await);
}

pub(super) async fn eviction_takes_referrers_with_their_subject(place: &Place) {
    let db = place.open().await;
    let (image, blob) = (manifest("image", &["v1"]), Digest::of(b"sbom"));
    let referrer = NewManifest {
        referrer: Some(Referrer {
            subject: image.digest.clone(),
            descriptor: Descriptor::new(media_type::MANIFEST, Digest::of(b"referrer"), 8),
        }),
        ..naming("referrer", &[], &[(&blob, 4)])
    };
    for new in [&image, &referrer] {
        put(&db, NAME, new).await;
    }
    fetch(&db, NAME, "sbom").await;
    let name = repository(NAME);
    let listed = async || {
        let page = Page::default();
        let found = db.referrers(&name, &image.digest, None, page).await;
        found.unwrap().items.len()
    };
    assert_eq!(listed().await, 1);
    used(place, &db, NAME, &image.digest).await;
    assert!(evict(place, &db, NAME, &image.digest).await);
    assert_eq!(listed().await, 0);
    assert_eq!(by_digest(&db, NAME, &referrer.digest).await, None);
    assert!(!has_blob(&db, NAME, &blob).await);
}

pub(super) async fn evicted_content_is_garbage_unless_another_repository_has_it(place: &Place) {
    let db = place.open().await;
    let (shared, own) = (Digest::of(b"shared"), Digest::of(b"own"));
    let new = naming("one", &["v1"], &[(&shared, 6), (&own, 3)]);
    put(&db, NAME, &new).await;
    let (_, object, _) = fetch(&db, NAME, "own").await;
    fetch(&db, NAME, "shared").await;
    put(&db, "hub/other", &naming("two", &[], &[(&shared, 6)])).await;
    fetch(&db, "hub/other", "shared").await;
    let garbage = async || -> Vec<UploadId> {
        let later = place.later();
        let found = db.garbage(later, 99).await.unwrap().into_iter();
        found.map(|garbage| garbage.object).collect()
    };
    let before = garbage().await;
    used(place, &db, NAME, &new.digest).await;
    assert!(evict(place, &db, NAME, &new.digest).await);
    let after = garbage().await;
    let added: Vec<_> = after.iter().filter(|one| !before.contains(one)).collect();
    assert_eq!(added, [&object]);
    assert!(has_blob(&db, "hub/other", &shared).await);
}

pub(super) async fn an_evicted_tag_has_no_answer(place: &Place) {
    let db = place.open().await;
    let (one, two) = (manifest("one", &["v1"]), manifest("two", &["v2"]));
    let name = repository(NAME);
    for new in [&one, &two] {
        put(&db, NAME, new).await;
        used(place, &db, NAME, &new.digest).await;
    }
    for reference in ["v1", "v2"] {
        db.record_answer(&name, reference, true).await.unwrap();
    }
    assert!(evict(place, &db, NAME, &one.digest).await);
    assert_eq!(db.upstream_answer(&name, "v1").await.unwrap(), None);
    assert!(db.upstream_answer(&name, "v2").await.unwrap().is_some());
}
