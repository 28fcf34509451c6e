//! Requirements for every [`lazaret_content::Mirrored`].

use std::time::Duration;

use lazaret_content::{Claim, Error, Finished, MirroredManifest, NewManifest, Page, UploadId};
use lazaret_oci::{Digest, media_type};

use super::databases::{
    LEASE, Place, Replica, by_digest, by_tag, claimed, manifest, on_every_database, push,
    repository, tag,
};

on_every_database! { mirrored:
    a_manifest_is_stored_before_its_blobs
    a_blob_that_comes_is_named_by_all_that_lacked_it
    what_has_come_is_kept_by_collection
    a_manifest_put_again_lacks_what_it_lacks_now
    a_size_that_contradicts_what_is_here_is_refused
    answers_are_recorded
    what_was_absent_is_forgotten
    sizes_that_contradict_each_other_are_none
    uses_are_in_order
    uses_have_tags_and_bytes
    manifests_that_were_used_are_listed_in_pages
    bytes_below_a_prefix
    one_claim_at_a_time_fetches_a_blob
}

pub(super) const NAME: &str = "hub/app";

/// A manifest that names blobs with their sizes.
pub(super) fn naming(content: &str, tags: &[&str], blobs: &[(&Digest, u64)]) -> NewManifest {
    NewManifest {
        blobs: blobs.iter().map(|(digest, _)| (*digest).clone()).collect(),
        sizes: blobs
            .iter()
            .map(|(digest, size)| ((*digest).clone(), *size))
            .collect(),
        ..manifest(content, tags)
    }
}

/// An index that names manifests.
pub(super) fn index_of(content: &str, tags: &[&str], children: &[&NewManifest]) -> NewManifest {
    NewManifest {
        media_type: media_type::INDEX.to_owned(),
        manifests: children.iter().map(|child| child.digest.clone()).collect(),
        ..manifest(content, tags)
    }
}

pub(super) async fn put(db: &Replica, name: &str, new: &NewManifest) {
    db.put_mirrored(&repository(name), new.clone())
        .await
        .unwrap();
}

/// Makes content a blob of a mirrored repository.
pub(super) async fn fetch(db: &Replica, name: &str, content: &str) -> (Digest, UploadId, Finished) {
    let digest = Digest::of(content.as_bytes());
    let (id, claim) = claimed(db, name).await;
    let size = content.len() as u64;
    let finished = db
        .finish_mirrored(&repository(name), &id, &claim, &digest, size)
        .await
        .unwrap();
    (digest, id, finished)
}

pub(super) async fn missing(db: &Replica, name: &str, digest: &Digest) -> Option<u64> {
    db.missing_size(&repository(name), digest).await.unwrap()
}

pub(super) async fn has_blob(db: &Replica, name: &str, digest: &Digest) -> bool {
    let found = db.blob(&repository(name), digest).await;
    found.unwrap().is_some()
}

/// Records a use a second after everything so far.
pub(super) async fn used(place: &Place, db: &Replica, name: &str, digest: &Digest) {
    place.clock.advance(Duration::from_secs(1));
    db.record_use(&repository(name), digest).await.unwrap();
}

/// Evicts a manifest that was used at this time at the latest.
pub(super) async fn evict(place: &Place, db: &Replica, name: &str, digest: &Digest) -> bool {
    db.evict(&repository(name), digest, place.now())
        .await
        .unwrap()
}

pub(super) async fn least(db: &Replica) -> Vec<MirroredManifest> {
    db.least_used(99).await.unwrap()
}

pub(super) async fn a_manifest_is_stored_before_its_blobs(place: &Place) {
    let db = place.open().await;
    let (here, _) = push(&db, NAME, "here").await;
    let (one, two) = (Digest::of(b"one"), Digest::of(b"seven"));
    let new = naming("m", &["v1"], &[(&here, 4), (&one, 3), (&two, 5), (&one, 3)]);
    put(&db, NAME, &new).await;
    assert_eq!(by_tag(&db, NAME, "v1").await.unwrap().digest, new.digest);
    assert_eq!(missing(&db, NAME, &one).await, Some(3));
    assert_eq!(missing(&db, NAME, &two).await, Some(5));
    assert_eq!(missing(&db, NAME, &here).await, None);
    assert_eq!(missing(&db, "hub/other", &one).await, None);
    assert!(!has_blob(&db, NAME, &one).await);
    // A push is as strict as ever.
    let refused = db.put_manifest(&repository(NAME), new.clone()).await;
    assert!(matches!(refused, Err(Error::Missing { .. })), "{refused:?}");
    // A repository may begin with it.
    put(&db, "hub/new", &new).await;
    assert_eq!(missing(&db, "hub/new", &here).await, Some(4));
}

pub(super) async fn a_blob_that_comes_is_named_by_all_that_lacked_it(place: &Place) {
    let db = place.open().await;
    let digest = Digest::of(b"blob");
    let (one, two) = (
        naming("one", &[], &[(&digest, 4)]),
        naming("two", &[], &[(&digest, 4)]),
    );
    for new in [&one, &two] {
        put(&db, NAME, new).await;
    }
    put(&db, "hub/other", &one).await;
    let (_, object, finished) = fetch(&db, NAME, "blob").await;
    assert_eq!(finished, Finished::Stored);
    let blob = db.blob(&repository(NAME), &digest).await.unwrap().unwrap();
    assert_eq!((blob.object, blob.size), (object, 4));
    assert_eq!(missing(&db, NAME, &digest).await, None);
    // What another repository has, this one does not have.
    assert_eq!(missing(&db, "hub/other", &digest).await, Some(4));
    assert!(!has_blob(&db, "hub/other", &digest).await);
    let (_, _, finished) = fetch(&db, "hub/other", "blob").await;
    assert_eq!(finished, Finished::Duplicate);
    assert_eq!(missing(&db, "hub/other", &digest).await, None);
}

pub(super) async fn what_has_come_is_kept_by_collection(place: &Place) {
    let db = place.open().await;
    let digest = Digest::of(b"blob");
    let new = naming("one", &["v1"], &[(&digest, 4)]);
    put(&db, NAME, &new).await;
    fetch(&db, NAME, "blob").await;
    let (orphan, ..) = fetch(&db, NAME, "nobody's").await;
    let before = place.later();
    let unused = db.unused_links(before, None, 9).await.unwrap();
    let unused: Vec<_> = unused.iter().map(|link| &link.digest).collect();
    assert_eq!(unused, [&orphan]);
    let name = repository(NAME);
    db.delete_manifest(&name, &new.digest, &[]).await.unwrap();
    assert_eq!(db.unused_links(before, None, 9).await.unwrap().len(), 2);
}

pub(super) async fn a_manifest_put_again_lacks_what_it_lacks_now(place: &Place) {
    let db = place.open().await;
    let digest = Digest::of(b"blob");
    let new = naming("one", &["v1"], &[(&digest, 4)]);
    put(&db, NAME, &new).await;
    put(&db, NAME, &new).await;
    assert_eq!(missing(&db, NAME, &digest).await, Some(4));
    fetch(&db, NAME, "blob").await;
    put(&db, NAME, &new).await;
    assert_eq!(missing(&db, NAME, &digest).await, None);
    // The tag moves like that of a push.
    let next = manifest("two", &["v1"]);
    put(&db, NAME, &next).await;
    assert_eq!(by_tag(&db, NAME, "v1").await.unwrap().digest, next.digest);
    assert!(by_digest(&db, NAME, &new.digest).await.is_some());
    let name = repository(NAME);
    assert!(db.delete_manifest(&name, &new.digest, &[]).await.unwrap());
    let other = Digest::of(b"other");
    put(&db, NAME, &naming("three", &[], &[(&other, 9)])).await;
    let three = Digest::of(b"three");
    assert!(db.delete_manifest(&name, &three, &[]).await.unwrap());
    assert_eq!(missing(&db, NAME, &other).await, None, "it went with it");
}

pub(super) async fn a_size_that_contradicts_what_is_here_is_refused(place: &Place) {
    let db = place.open().await;
    let (here, _) = push(&db, NAME, "here").await;
    let new = naming("m", &["v1"], &[(&here, 5)]);
    let refused = db.put_mirrored(&repository(NAME), new).await;
    assert!(
        matches!(refused, Err(Error::SizeContradicted { .. })),
        "{refused:?}"
    );
    assert_eq!(by_tag(&db, NAME, "v1").await, None);
}

pub(super) async fn answers_are_recorded(place: &Place) {
    let db = place.open().await;
    let name = repository(NAME);
    let answer = async |reference: &str| {
        let found = db.upstream_answer(&name, reference).await.unwrap();
        found.map(|answer| (answer.found, answer.asked))
    };
    assert_eq!(answer("v1").await, None);
    let first = place.now();
    db.record_answer(&name, "v1", true).await.unwrap();
    place.clock.advance(Duration::from_secs(5));
    let reference = format!("sha256:{}", "a".repeat(64));
    db.record_answer(&name, &reference, false).await.unwrap();
    assert_eq!(answer("v1").await, Some((true, first)));
    assert_eq!(answer(&reference).await, Some((false, place.now())));
    db.record_answer(&name, "v1", false).await.unwrap();
    let other = place.open().await;
    let found = other.upstream_answer(&name, "v1").await.unwrap().unwrap();
    assert_eq!((found.found, found.asked), (false, place.now()));
    let elsewhere = db.upstream_answer(&repository("hub/b"), "v1").await;
    assert_eq!(elsewhere.unwrap(), None);
}

pub(super) async fn uses_are_in_order(place: &Place) {
    let db = place.open().await;
    assert_eq!(least(&db).await, []);
    let (one, two) = (manifest("one", &[]), manifest("two", &[]));
    put(&db, "hub/b", &one).await;
    put(&db, "hub/a", &two).await;
    // One that is not stored is not used.
    used(place, &db, "hub/a", &one.digest).await;
    assert_eq!(least(&db).await, []);
    used(place, &db, "hub/b", &one.digest).await;
    let first = place.now();
    used(place, &db, "hub/a", &two.digest).await;
    let order = async || -> Vec<Digest> {
        let found = least(&db).await.into_iter();
        found.map(|manifest| manifest.digest).collect()
    };
    assert_eq!(order().await, [one.digest.clone(), two.digest.clone()]);
    assert_eq!(least(&db).await[0].used, first);
    used(place, &db, "hub/b", &one.digest).await;
    assert_eq!(order().await, [two.digest.clone(), one.digest.clone()]);
    let [only] = &db.least_used(1).await.unwrap()[..] else {
        panic!("one was asked for");
    };
    assert_eq!(
        (only.repository.as_str(), &only.digest),
        ("hub/a", &two.digest)
    );
    // A manifest that goes takes its use with it.
    let name = repository("hub/a");
    db.delete_manifest(&name, &two.digest, &[]).await.unwrap();
    assert_eq!(order().await, [one.digest]);
}

pub(super) async fn uses_have_tags_and_bytes(place: &Place) {
    let db = place.open().await;
    let (shared, own, absent) = (
        Digest::of(b"shared"),
        Digest::of(b"own"),
        Digest::of(b"absent"),
    );
    let one = naming("one", &[], &[(&shared, 6), (&own, 3)]);
    let two = naming("two", &[], &[(&shared, 6), (&absent, 100)]);
    let index = index_of(
        "index",
        &["v2", "v1"],
        &[&one, &two, &manifest("gone", &[])],
    );
    for new in [&index, &one, &two] {
        put(&db, NAME, new).await;
    }
    fetch(&db, NAME, "shared").await;
    fetch(&db, NAME, "own").await;
    used(place, &db, NAME, &index.digest).await;
    used(place, &db, NAME, &two.digest).await;
    let [of_index, of_two] = &least(&db).await[..] else {
        panic!("two were used");
    };
    assert_eq!(of_index.tags, [tag("v1"), tag("v2")]);
    assert_eq!((of_index.bytes, of_index.missing), (9, 100), "each once");
    assert_eq!(of_two.tags, []);
    assert_eq!((of_two.bytes, of_two.missing), (6, 100));
}

pub(super) async fn manifests_that_were_used_are_listed_in_pages(place: &Place) {
    let db = place.open().await;
    let new = manifest("one", &["v1"]);
    for name in ["hub/c", "hub/a", "hub/b", "hub/unused"] {
        put(&db, name, &new).await;
    }
    for name in ["hub/c", "hub/a", "hub/b"] {
        used(place, &db, name, &new.digest).await;
    }
    let page = |last: Option<&MirroredManifest>| Page {
        last: last.map(|last| format!("{}@{}", last.repository, last.digest)),
        limit: Some(2),
    };
    let first = db.mirrored(page(None)).await.unwrap();
    let names = |items: &[MirroredManifest]| -> Vec<String> {
        items.iter().map(|one| one.repository.to_string()).collect()
    };
    assert_eq!(names(&first.items), ["hub/a", "hub/b"]);
    assert!(first.more);
    assert_eq!(first.items[0].tags, [tag("v1")]);
    let rest = db.mirrored(page(first.items.last())).await.unwrap();
    assert_eq!(
        (names(&rest.items), rest.more),
        (vec!["hub/c".to_owned()], false)
    );
    let all = db.mirrored(Page::default()).await.unwrap();
    assert_eq!(all.items.len(), 3);
}

pub(super) async fn bytes_below_a_prefix(place: &Place) {
    let db = place.open().await;
    let below = async |prefix: &str| db.bytes_below(prefix).await.unwrap();
    assert_eq!(below("hub").await, 0);
    // Prefixes that share letters, and names beside `/` in the order of characters.
    for (name, content) in [
        ("hub/a", "1"),
        ("hub/b/c", "22"),
        ("hub", "333"),
        ("hub-b/a", "4444"),
        ("hub.b/a", "55555"),
        ("hub0/a", "666666"),
        ("hubb/a", "7777777"),
        ("hu/a", "88888888"),
    ] {
        push(&db, name, content).await;
    }
    assert_eq!(below("hub").await, 3);
    assert_eq!(below("hub/b").await, 2);
    assert_eq!(below("hub-b").await, 4);
    assert_eq!(below("hu").await, 8);
    // A blob counts in each repository that has it, and manifests count, too.
    push(&db, "hub/b/c", "1").await;
    put(&db, "hub/a", &manifest("four", &[])).await;
    assert_eq!(below("hub").await, 8);
    // What is missing does not.
    put(
        &db,
        "hub/a",
        &naming("five!", &[], &[(&Digest::of(b"absent"), 1000)]),
    )
    .await;
    assert_eq!(below("hub").await, 13);
}

pub(super) async fn one_claim_at_a_time_fetches_a_blob(place: &Place) {
    let (db, other) = (place.open().await, place.open().await);
    let (name, digest) = (repository(NAME), Digest::of(b"blob"));
    let (mine, theirs) = (Claim::random(), Claim::random());
    let claims = async |db: &Replica, claim: &Claim| {
        db.claim_fill(&name, &digest, claim, LEASE).await.unwrap()
    };
    assert!(claims(&db, &mine).await);
    assert!(!claims(&other, &theirs).await);
    assert!(claims(&db, &mine).await, "it is renewed");
    // Nobody else can give it up, and it is of one repository and blob.
    other.release_fill(&name, &digest, &theirs).await.unwrap();
    assert!(!claims(&other, &theirs).await);
    let elsewhere = repository("hub/other");
    assert!(
        other
            .claim_fill(&elsewhere, &digest, &theirs, LEASE)
            .await
            .unwrap()
    );
    let another = Digest::of(b"another");
    assert!(
        other
            .claim_fill(&name, &another, &theirs, LEASE)
            .await
            .unwrap()
    );
    place.clock.advance(LEASE - Duration::from_secs(1));
    assert!(!claims(&other, &theirs).await);
    assert!(claims(&db, &mine).await);
    place.clock.advance(LEASE - Duration::from_secs(1));
    assert!(!claims(&other, &theirs).await, "the renewal counts");
    place.clock.advance(Duration::from_secs(2));
    assert!(claims(&other, &theirs).await, "the lease is over");
    assert!(!claims(&db, &mine).await);
    other.release_fill(&name, &digest, &theirs).await.unwrap();
    assert!(claims(&db, &mine).await);
    // The same claim in its text form is the same.
    let again = Claim::again(mine.as_str().to_owned());
    assert!(claims(&other, &again).await);
}

pub(super) async fn what_was_absent_is_forgotten(place: &Place) {
    let db = place.open().await;
    let name = repository(NAME);
    db.record_answer(&name, "gone", false).await.unwrap();
    db.record_answer(&name, "here", true).await.unwrap();
    place.clock.advance(Duration::from_secs(60));
    db.record_answer(&name, "new", false).await.unwrap();
    let before = place.now() - Duration::from_secs(1);
    assert_eq!(db.forget_absent(before).await.unwrap(), 1);
    for (reference, is_known) in [("gone", false), ("here", true), ("new", true)] {
        let answer = db.upstream_answer(&name, reference).await.unwrap();
        assert_eq!(answer.is_some(), is_known, "{reference}");
    }
}

pub(super) async fn sizes_that_contradict_each_other_are_none(place: &Place) {
    let db = place.open().await;
    let blob = Digest::of(b"a layer");
    put(&db, NAME, &naming("one", &[], &[(&blob, 7)])).await;
    put(&db, NAME, &naming("two", &[], &[(&blob, 7)])).await;
    assert_eq!(missing(&db, NAME, &blob).await, Some(7));
    put(&db, NAME, &naming("three", &[], &[(&blob, 1)])).await;
    assert_eq!(missing(&db, NAME, &blob).await, None);
}
