//! Requirements for every [`lazaret_content::Collection`].

use std::time::Duration;

use lazaret_content::{Finished, NewManifest, Page, UnusedLink, UploadId};
use lazaret_oci::Digest;

use super::databases::{
    Place, by_tag, claimed, manifest, manifest_of, on_every_database, push, push_finished,
    repository, tag,
};

on_every_database! { collection:
    contents_are_told
    only_what_is_untagged_and_unnamed_goes
    a_tag_goes_only_while_it_points_there
    links_that_nobody_needs_go
    links_are_found_in_pages
    blobs_that_nobody_links_go
    what_changed_meanwhile_stays
    garbage_is_kept_until_forgotten
    all_blobs_are_told
    objects_that_nobody_knows
}

pub(super) async fn contents_are_told(place: &Place) {
    let db = place.open().await;
    let name = repository("a");
    assert_eq!(db.contents(&name).await.unwrap(), None);
    push(&db, "a", "blob").await;
    let empty = db.contents(&name).await.unwrap().unwrap();
    assert_eq!((empty.manifests.len(), empty.tags.len()), (0, 0));
    let pushed = place.now();
    db.put_manifest(&name, manifest("four", &["b", "a"]))
        .await
        .unwrap();
    let contents = db.contents(&name).await.unwrap().unwrap();
    let [summary] = &contents.manifests[..] else {
        panic!("{contents:?}");
    };
    assert_eq!(summary.digest, Digest::of(b"four"));
    assert_eq!((summary.size, summary.pushed), (4, pushed));
    assert_eq!((&summary.subject, summary.manifests.len()), (&None, 0));
    let tags: Vec<_> = contents.tags.iter().map(|tag| tag.tag.as_str()).collect();
    assert_eq!(tags, ["a", "b"]);
    assert_eq!(contents.tags[0].digest, summary.digest);
}

pub(super) async fn only_what_is_untagged_and_unnamed_goes(place: &Place) {
    let db = place.open().await;
    let name = repository("a");
    let (tagged, child) = (manifest("tagged", &["v1"]), manifest("child", &[]));
    let index = NewManifest {
        manifests: vec![child.digest.clone()],
        ..manifest("index", &[])
    };
    for new in [&tagged, &child, &index] {
        db.put_manifest(&name, new.clone()).await.unwrap();
    }
    let pushed = place.now();
    let gone = async |digest: &Digest| db.delete_untagged(&name, digest, pushed).await.unwrap();
    assert!(!gone(&tagged.digest).await);
    assert!(!gone(&child.digest).await);
    place.clock.advance(Duration::from_secs(1));
    db.put_manifest(&name, index.clone()).await.unwrap();
    assert!(!gone(&index.digest).await, "it was pushed again");
    let now = place.now();
    assert!(db.delete_untagged(&name, &index.digest, now).await.unwrap());
    assert!(gone(&child.digest).await, "no index names it any more");
    assert!(!gone(&child.digest).await);
    let absent = repository("absent");
    assert!(
        !db.delete_untagged(&absent, &child.digest, pushed)
            .await
            .unwrap()
    );
    let left = db.contents(&name).await.unwrap().unwrap().manifests;
    assert_eq!(left.len(), 1);
    assert!(
        db.delete_manifest(&name, &tagged.digest, &[])
            .await
            .unwrap()
    );
    assert_eq!(db.repositories(Page::default()).await.unwrap().items, []);
}

pub(super) async fn a_tag_goes_only_while_it_points_there(place: &Place) {
    let db = place.open().await;
    let name = repository("a");
    let (one, two) = (manifest("one", &["v1"]), manifest("two", &["v1"]));
    for new in [&one, &two] {
        db.put_manifest(&name, new.clone()).await.unwrap();
    }
    let v1 = tag("v1");
    assert!(!db.delete_tag_of(&name, &v1, &one.digest).await.unwrap());
    assert!(by_tag(&db, "a", "v1").await.is_some());
    assert!(db.delete_tag_of(&name, &v1, &two.digest).await.unwrap());
    assert_eq!(by_tag(&db, "a", "v1").await, None);
}

fn link(name: &str, digest: &Digest, size: u64) -> UnusedLink {
    UnusedLink {
        repository: repository(name),
        digest: digest.clone(),
        size,
    }
}

pub(super) async fn links_that_nobody_needs_go(place: &Place) {
    let db = place.open().await;
    let name = repository("a");
    let (used, _) = push(&db, "a", "used").await;
    let (unused, _) = push(&db, "a", "unused").await;
    db.mount_blob(&repository("b"), &name, &used, None)
        .await
        .unwrap()
        .unwrap();
    db.put_manifest(&name, manifest_of("m", &[], &[&used]))
        .await
        .unwrap();
    let before = place.now();
    assert_eq!(
        db.unused_links(before, None, 9).await.unwrap(),
        [],
        "the lease lasts"
    );
    let before = place.later();
    let found = db.unused_links(before, None, 9).await.unwrap();
    assert_eq!(found, [link("a", &unused, 6), link("b", &used, 4)]);
    let mut wanted = found.clone();
    wanted.push(link("a", &used, 4));
    wanted.push(link("absent", &used, 4));
    assert_eq!(db.drop_links(&wanted, before).await.unwrap(), 2);
    assert_eq!(db.blob(&name, &unused).await.unwrap(), None);
    assert!(db.blob(&name, &used).await.unwrap().is_some());
    assert_eq!(db.drop_links(&wanted, before).await.unwrap(), 0);
    assert_eq!(db.drop_links(&[], before).await.unwrap(), 0);
    // The bytes do not count any more.
    let (id, claim) = claimed(&db, "a").await;
    let finished = db.finish_upload(&id, &claim, &unused, 6, Some(11)).await;
    assert_eq!(finished.unwrap(), Finished::Duplicate);
}

pub(super) async fn links_are_found_in_pages(place: &Place) {
    let db = place.open().await;
    let mut all = Vec::new();
    for name in ["a", "a/b", "b"] {
        for content in ["1", "2", "3"] {
            let (digest, _) = push(&db, name, content).await;
            all.push(link(name, &digest, 1));
        }
    }
    all.sort_by(|a, b| (&a.repository, &a.digest).cmp(&(&b.repository, &b.digest)));
    let mut found: Vec<UnusedLink> = Vec::new();
    loop {
        let page = db
            .unused_links(place.later(), found.last(), 2)
            .await
            .unwrap();
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    assert_eq!(found, all);
}

pub(super) async fn blobs_that_nobody_links_go(place: &Place) {
    let db = place.open().await;
    let (linked, _) = push(&db, "a", "linked").await;
    let (one, object) = push(&db, "a", "one").await;
    let (two, _) = push(&db, "a", "two").await;
    for digest in [&one, &two] {
        db.unlink_blob(&repository("a"), digest).await.unwrap();
    }
    assert_eq!(
        db.unused_blobs(place.now(), None, 9).await.unwrap(),
        [],
        "the lease lasts"
    );
    let before = place.later();
    let found = db.unused_blobs(before, None, 9).await.unwrap();
    let mut digests = vec![one.clone(), two.clone()];
    digests.sort();
    assert!(found.iter().map(|blob| &blob.digest).eq(&digests));
    let first = db.unused_blobs(before, None, 1).await.unwrap();
    let rest = db
        .unused_blobs(before, Some(&first[0].digest), 9)
        .await
        .unwrap();
    assert_eq!([first, rest].concat(), found);
    place.clock.advance(Duration::from_secs(1));
    let condemned = db.condemn_blobs(&found, before).await.unwrap();
    assert_eq!(condemned.len(), 2);
    assert_eq!(db.condemn_blobs(&found, before).await.unwrap(), []);
    assert_eq!(db.condemn_blobs(&[], before).await.unwrap(), []);
    assert!(db.blob(&repository("a"), &linked).await.unwrap().is_some());
    let garbage = db.garbage(place.later(), 9).await.unwrap();
    assert_eq!(garbage.len(), 2);
    assert!(
        garbage
            .iter()
            .any(|entry| entry.object == object && entry.staged.size == 3)
    );
    // The same content makes another object.
    let (_, again, finished) = push_finished(&db, "a", "one").await;
    assert_eq!(finished, Finished::Stored);
    assert_ne!(again, object);
}

pub(super) async fn what_changed_meanwhile_stays(place: &Place) {
    let db = place.open().await;
    let (a, b) = (repository("a"), repository("b"));
    let (digest, _) = push(&db, "a", "blob").await;
    let before = place.later();
    let links = db.unused_links(before, None, 9).await.unwrap();
    place.clock.advance(Duration::from_secs(1));
    assert!(db.renew_blob(&a, &digest).await.unwrap());
    assert_eq!(db.drop_links(&links, before).await.unwrap(), 0);
    assert_eq!(db.drop_links(&links, place.later()).await.unwrap(), 1);
    let blobs = db.unused_blobs(before, None, 9).await.unwrap();
    assert_eq!(blobs.len(), 1);
    push(&db, "b", "blob").await;
    assert_eq!(db.condemn_blobs(&blobs, place.later()).await.unwrap(), []);
    db.unlink_blob(&b, &digest).await.unwrap();
    assert_eq!(
        db.condemn_blobs(&blobs, before).await.unwrap(),
        [],
        "leased again"
    );
    assert_eq!(
        db.condemn_blobs(&blobs, place.later()).await.unwrap(),
        blobs
    );
}

pub(super) async fn garbage_is_kept_until_forgotten(place: &Place) {
    let db = place.open().await;
    let mut objects = Vec::new();
    for _ in 0..3 {
        let (id, claim) = claimed(&db, "a").await;
        db.discard_upload(&id, &claim).await.unwrap();
        objects.push(id);
        place.clock.advance(Duration::from_secs(1));
    }
    let third = place.now() - Duration::from_secs(1);
    let listed = async |before, limit| -> Vec<UploadId> {
        let garbage = db.garbage(before, limit).await.unwrap();
        garbage.into_iter().map(|entry| entry.object).collect()
    };
    assert_eq!(listed(third, 9).await, objects[..2]);
    assert_eq!(listed(place.later(), 2).await, objects[..2], "oldest first");
    db.forget_garbage(&objects[..1]).await.unwrap();
    db.forget_garbage(&objects[..1]).await.unwrap();
    assert_eq!(listed(place.later(), 9).await, objects[1..]);
}

pub(super) async fn all_blobs_are_told(place: &Place) {
    let db = place.open().await;
    let mut all = Vec::new();
    for content in ["1", "22", "333"] {
        let (digest, object) = push(&db, "a", content).await;
        all.push((digest, object));
    }
    assert!(db.quarantine(&all[0].0, &all[0].1).await.unwrap());
    all.sort();
    let first = Page {
        last: None,
        limit: Some(2),
    };
    let mut listing = db.blobs(first).await.unwrap();
    assert!(listing.more);
    let rest = Page {
        last: Some(listing.items[1].0.to_string()),
        limit: None,
    };
    listing.items.extend(db.blobs(rest).await.unwrap().items);
    let found: Vec<_> = listing
        .items
        .into_iter()
        .map(|(digest, blob)| (digest, blob.object))
        .collect();
    assert_eq!(found, all);
}

pub(super) async fn objects_that_nobody_knows(place: &Place) {
    let db = place.open().await;
    let (_, blob) = push(&db, "a", "blob").await;
    let (upload, _) = claimed(&db, "a").await;
    let (garbage, claim) = claimed(&db, "a").await;
    db.discard_upload(&garbage, &claim).await.unwrap();
    let unknown = UploadId::random();
    let asked = [blob, unknown.clone(), upload, garbage];
    assert_eq!(db.unknown_objects(&asked).await.unwrap(), [unknown]);
    assert_eq!(db.unknown_objects(&[]).await.unwrap(), []);
}
