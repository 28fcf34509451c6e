//! What every [`Metadata`] does.

use std::time::Duration;

use lazaret_oci::{Algorithm, Descriptor, Digest, Repository, Tag, media_type};

use super::{Place, on_every_adapter};
use crate::{
    ManifestSelector, Metadata, NewManifest, Page, Referrer, StoredManifest, UploadId,
    UploadSession,
};

on_every_adapter! { metadata:
    manifests_are_found_by_tag_and_digest
    everything_survives_a_restart
    repositories_do_not_see_each_other
    names_that_prefix_another_are_separate
    listings_come_in_pages
    deleting_a_manifest_takes_its_tags
    deleting_a_tag_keeps_the_manifest
    referrers_follow_their_manifests
    blob_links_belong_to_a_repository
    upload_sessions
    tags_and_deletions_race
}

fn repository(name: &str) -> Repository {
    name.parse().unwrap()
}

fn tag(name: &str) -> Tag {
    name.parse().unwrap()
}

fn manifest(content: &str, tags: &[&str]) -> NewManifest {
    NewManifest {
        digest: Digest::of(content.as_bytes()),
        media_type: media_type::MANIFEST.to_owned(),
        bytes: content.as_bytes().to_vec().into(),
        tags: tags.iter().map(|name| tag(name)).collect(),
        referrer: None,
    }
}

async fn by_tag(store: &dyn Metadata, name: &str, wanted: &str) -> Option<StoredManifest> {
    store
        .manifest(&repository(name), &ManifestSelector::Tag(tag(wanted)))
        .await
        .unwrap()
}

async fn by_digest(store: &dyn Metadata, name: &str, digest: &Digest) -> Option<StoredManifest> {
    store
        .manifest(&repository(name), &ManifestSelector::Digest(digest.clone()))
        .await
        .unwrap()
}

async fn tags(store: &dyn Metadata, name: &str, page: Page) -> Option<(Vec<String>, bool)> {
    let listing = store.tags(&repository(name), page).await.unwrap()?;
    let names = listing.items.iter().map(Tag::to_string).collect();
    Some((names, listing.more))
}

fn strings(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

pub(super) async fn manifests_are_found_by_tag_and_digest(place: &Place) {
    let store = place.metadata();
    let name = repository("acme/app");
    assert_eq!(by_tag(&*store, "acme/app", "v1").await, None);
    let first = manifest("one", &["v1", "latest"]);
    store.put_manifest(&name, first.clone()).await.unwrap();
    let stored = by_tag(&*store, "acme/app", "v1").await.unwrap();
    assert_eq!(stored.digest, first.digest);
    assert_eq!(stored.bytes, "one");
    assert_eq!(stored.media_type, media_type::MANIFEST);
    assert_eq!(
        by_digest(&*store, "acme/app", &first.digest).await,
        Some(stored)
    );
    store
        .put_manifest(&name, manifest("two", &["v1"]))
        .await
        .unwrap();
    assert_eq!(
        by_tag(&*store, "acme/app", "v1").await.unwrap().bytes,
        "two"
    );
    assert_eq!(
        by_tag(&*store, "acme/app", "latest").await.unwrap().bytes,
        "one"
    );
    let mut long = manifest("long", &[]);
    long.digest = Digest::with(Algorithm::Sha512, b"long");
    store.put_manifest(&name, long.clone()).await.unwrap();
    assert!(by_digest(&*store, "acme/app", &long.digest).await.is_some());
}

pub(super) async fn everything_survives_a_restart(place: &Place) {
    let name = repository("acme/app");
    let blob = Digest::of(b"blob");
    let store = place.metadata();
    store.link_blob(&name, &blob).await.unwrap();
    store
        .put_manifest(&name, manifest("one", &["v1"]))
        .await
        .unwrap();
    drop(store);
    let store = place.metadata();
    assert!(store.has_blob(&name, &blob).await.unwrap());
    assert_eq!(
        by_tag(&*store, "acme/app", "v1").await.unwrap().bytes,
        "one"
    );
}

pub(super) async fn repositories_do_not_see_each_other(place: &Place) {
    let store = place.metadata();
    let new = manifest("one", &["v1"]);
    let digest = new.digest.clone();
    store.put_manifest(&repository("a"), new).await.unwrap();
    assert_eq!(by_digest(&*store, "b", &digest).await, None);
    assert_eq!(by_tag(&*store, "b", "v1").await, None);
    assert_eq!(tags(&*store, "b", Page::default()).await, None);
}

pub(super) async fn names_that_prefix_another_are_separate(place: &Place) {
    let store = place.metadata();
    let names = [
        "a",
        "a-b",
        "a.b",
        "a/b",
        "a/b/c",
        "a/manifests",
        "a/tags",
        "a_b",
        "aa",
    ];
    for name in names {
        store
            .put_manifest(&repository(name), manifest(name, &["v1"]))
            .await
            .unwrap();
    }
    for name in names {
        assert_eq!(by_tag(&*store, name, "v1").await.unwrap().bytes, name);
        let (found, _) = tags(&*store, name, Page::default()).await.unwrap();
        assert_eq!(found, ["v1"], "{name}");
    }
    let listing = store.repositories(Page::default()).await.unwrap();
    let found: Vec<_> = listing.items.iter().map(Repository::as_str).collect();
    assert_eq!(found, names);
}

pub(super) async fn listings_come_in_pages(place: &Place) {
    let store = place.metadata();
    let name = repository("a");
    store.link_blob(&name, &Digest::of(b"x")).await.unwrap();
    assert_eq!(
        tags(&*store, "a", Page::default()).await,
        Some((Vec::new(), false))
    );
    assert!(
        store
            .repositories(Page::default())
            .await
            .unwrap()
            .items
            .is_empty()
    );
    let all = ["1", "B", "_", "a", "a.1", "aa", "b"];
    store
        .put_manifest(
            &name,
            manifest("one", &["aa", "1", "b", "a", "_", "B", "a.1"]),
        )
        .await
        .unwrap();
    let page = |last: &str, limit| Page {
        last: Some(last.to_owned()),
        limit,
    };
    let first = Page {
        last: None,
        limit: Some(3),
    };
    for (wanted, expected, more) in [
        (Page::default(), &all[..], false),
        (first, &all[..3], true),
        (page("_", Some(4)), &all[3..], false),
        (page("a", None), &all[4..], false),
        (page("a.0", Some(1)), &all[4..5], true),
        (page("zz", Some(1)), &[], false),
        (page("", Some(0)), &[], true),
    ] {
        let found = tags(&*store, "a", wanted.clone()).await.unwrap();
        assert_eq!(found, (strings(expected), more), "{wanted:?}");
    }
    for other in ["c", "b/x"] {
        store
            .put_manifest(&repository(other), manifest(other, &[]))
            .await
            .unwrap();
    }
    let listing = store.repositories(page("a", Some(1))).await.unwrap();
    assert_eq!(listing.items, [repository("b/x")]);
    assert!(listing.more);
}

pub(super) async fn deleting_a_manifest_takes_its_tags(place: &Place) {
    let store = place.metadata();
    let name = repository("a");
    let (one, two) = (manifest("one", &["v1", "x"]), manifest("two", &["v2"]));
    let digest = one.digest.clone();
    store.put_manifest(&name, one).await.unwrap();
    store.put_manifest(&name, two).await.unwrap();
    assert!(store.delete_manifest(&name, &digest).await.unwrap());
    assert!(!store.delete_manifest(&name, &digest).await.unwrap());
    assert_eq!(by_digest(&*store, "a", &digest).await, None);
    assert_eq!(by_tag(&*store, "a", "v1").await, None);
    let (left, _) = tags(&*store, "a", Page::default()).await.unwrap();
    assert_eq!(left, ["v2"]);
    let absent = repository("absent");
    assert!(!store.delete_manifest(&absent, &digest).await.unwrap());
    assert_eq!(tags(&*store, "absent", Page::default()).await, None);
}

pub(super) async fn deleting_a_tag_keeps_the_manifest(place: &Place) {
    let store = place.metadata();
    let name = repository("a");
    let new = manifest("one", &["v1"]);
    let digest = new.digest.clone();
    store.put_manifest(&name, new).await.unwrap();
    assert!(store.delete_tag(&name, &tag("v1")).await.unwrap());
    assert!(!store.delete_tag(&name, &tag("v1")).await.unwrap());
    assert_eq!(by_tag(&*store, "a", "v1").await, None);
    assert!(by_digest(&*store, "a", &digest).await.is_some());
}

pub(super) async fn referrers_follow_their_manifests(place: &Place) {
    let store = place.metadata();
    let name = repository("a");
    let subject = Digest::of(b"subject");
    let referrer = |content: &str| {
        let mut new = manifest(content, &[]);
        let mut descriptor = Descriptor::of(media_type::MANIFEST, content.as_bytes());
        descriptor.artifact_type = Some("application/x".to_owned());
        descriptor.annotations.insert("k".into(), content.into());
        new.referrer = Some(Referrer {
            subject: subject.clone(),
            descriptor,
        });
        new
    };
    assert!(store.referrers(&name, &subject).await.unwrap().is_empty());
    let (one, two) = (referrer("one"), referrer("two"));
    for new in [&one, &two, &one] {
        store.put_manifest(&name, new.clone()).await.unwrap();
    }
    let mut expected = vec![
        one.referrer.clone().unwrap().descriptor,
        two.referrer.clone().unwrap().descriptor,
    ];
    expected.sort_by(|a, b| a.digest.cmp(&b.digest));
    assert_eq!(store.referrers(&name, &subject).await.unwrap(), expected);
    let other = store.referrers(&repository("b"), &subject).await.unwrap();
    assert!(other.is_empty());
    store.delete_manifest(&name, &one.digest).await.unwrap();
    let left = store.referrers(&name, &subject).await.unwrap();
    assert_eq!(left, [two.referrer.unwrap().descriptor]);
}

pub(super) async fn blob_links_belong_to_a_repository(place: &Place) {
    let store = place.metadata();
    let (a, b) = (repository("a"), repository("b"));
    let digest = Digest::of(b"blob");
    assert!(!store.has_blob(&a, &digest).await.unwrap());
    store.link_blob(&a, &digest).await.unwrap();
    store.link_blob(&a, &digest).await.unwrap();
    assert!(store.has_blob(&a, &digest).await.unwrap());
    assert!(!store.has_blob(&b, &digest).await.unwrap());
    assert!(store.unlink_blob(&a, &digest).await.unwrap());
    assert!(!store.unlink_blob(&a, &digest).await.unwrap());
    assert!(!store.unlink_blob(&b, &digest).await.unwrap());
    assert!(!store.has_blob(&a, &digest).await.unwrap());
}

pub(super) async fn upload_sessions(place: &Place) {
    let store = place.metadata();
    let session = UploadSession {
        id: UploadId::random(),
        repository: repository("acme/app"),
    };
    assert_eq!(store.upload(&session.id).await.unwrap(), None);
    store.put_upload(&session).await.unwrap();
    drop(store);
    let store = place.metadata();
    assert_eq!(
        store.upload(&session.id).await.unwrap(),
        Some(session.clone())
    );
    assert_eq!(
        store.expire_uploads(Duration::from_secs(60)).await.unwrap(),
        0
    );
    assert!(store.remove_upload(&session.id).await.unwrap());
    assert!(!store.remove_upload(&session.id).await.unwrap());
    store.put_upload(&session).await.unwrap();
    assert_eq!(store.expire_uploads(Duration::ZERO).await.unwrap(), 1);
    assert_eq!(store.upload(&session.id).await.unwrap(), None);
}

/// A tag never points to nothing, whatever is pushed and deleted at once.
pub(super) async fn tags_and_deletions_race(place: &Place) {
    let store: std::sync::Arc<dyn Metadata> = place.metadata().into();
    let name = repository("a");
    let digest = manifest("one", &[]).digest;
    for _ in 0..20 {
        let (pusher, deleter) = (store.clone(), store.clone());
        let (name, digest) = (name.clone(), digest.clone());
        let push = tokio::spawn({
            let name = name.clone();
            async move { pusher.put_manifest(&name, manifest("one", &["v1"])).await }
        });
        let delete = tokio::spawn(async move { deleter.delete_manifest(&name, &digest).await });
        push.await.unwrap().unwrap();
        delete.await.unwrap().unwrap();
        let listed = tags(&*store, "a", Page::default()).await.unwrap().0;
        let found = by_tag(&*store, "a", "v1").await.is_some();
        assert_eq!(!listed.is_empty(), found);
    }
}
