//! Requirements for every [`lazaret_content::Metadata`]: listings and their pages.

use lazaret_content::{NewManifest, Page, Referrer};
use lazaret_oci::{Descriptor, Digest, Repository, Tag, media_type};

use super::databases::{Place, by_tag, manifest, on_every_database, push, repository};

on_every_database! { listings:
    names_that_prefix_another_are_separate
    tags_come_in_pages
    repositories_come_in_pages
    referrers_follow_their_manifests
    a_page_of_referrers_is_bounded_by_bytes
    referrers_are_filtered_and_come_in_pages
    hostile_texts_do_no_harm
}

fn page(last: &str, limit: Option<usize>) -> Page {
    Page {
        last: Some(last.to_owned()),
        limit,
    }
}

pub(super) async fn names_that_prefix_another_are_separate(place: &Place) {
    let db = place.open().await;
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
        db.put_manifest(&repository(name), manifest(name, &["v1"]))
            .await
            .unwrap();
    }
    for name in names {
        assert_eq!(by_tag(&db, name, "v1").await.unwrap().bytes, name);
    }
    let listing = db.repositories(Page::default()).await.unwrap();
    let found: Vec<_> = listing.items.iter().map(Repository::as_str).collect();
    assert_eq!(found, names, "in ASCII order");
}

pub(super) async fn tags_come_in_pages(place: &Place) {
    let db = place.open().await;
    let name = repository("a");
    let all = ["1", "B", "_", "a", "a.1", "aa", "b"];
    let new = manifest("one", &["aa", "1", "b", "a", "_", "B", "a.1"]);
    db.put_manifest(&name, new).await.unwrap();
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
        (page("", Some(usize::MAX)), &all[..], false),
    ] {
        let found = db.tags(&name, wanted.clone()).await.unwrap().unwrap();
        let items: Vec<_> = found.items.iter().map(Tag::as_str).collect();
        assert_eq!((&items[..], found.more), (expected, more), "{wanted:?}");
    }
}

pub(super) async fn repositories_come_in_pages(place: &Place) {
    let db = place.open().await;
    for name in ["c", "a", "b/x"] {
        db.put_manifest(&repository(name), manifest(name, &[]))
            .await
            .unwrap();
    }
    push(&db, "b", "only a blob").await;
    let listing = db.repositories(page("a", Some(1))).await.unwrap();
    assert_eq!(listing.items, [repository("b/x")]);
    assert!(listing.more);
    let all = db.all_repositories(page("a", Some(3))).await.unwrap();
    let names: Vec<_> = all.items.iter().map(Repository::as_str).collect();
    assert_eq!(names, ["b", "b/x", "c"]);
    assert!(!all.more);
}

fn referrer(content: &str, subject: &Digest, artifact_type: Option<&str>) -> NewManifest {
    let mut descriptor = Descriptor::of(media_type::MANIFEST, content.as_bytes());
    descriptor.artifact_type = artifact_type.map(str::to_owned);
    descriptor.annotations.insert("k".into(), content.into());
    NewManifest {
        referrer: Some(Referrer {
            subject: subject.clone(),
            descriptor,
        }),
        ..manifest(content, &[])
    }
}

/// The entries, in the order in which they are listed.
fn entries(manifests: &[&NewManifest]) -> Vec<Descriptor> {
    let mut entries: Vec<_> = manifests
        .iter()
        .map(|new| new.referrer.clone().unwrap().descriptor)
        .collect();
    entries.sort_by(|a, b| a.digest.cmp(&b.digest));
    entries
}

pub(super) async fn a_page_of_referrers_is_bounded_by_bytes(place: &Place) {
    let db = place.open().await;
    let name = repository("a");
    let subject = Digest::of(b"subject");
    let large = "x".repeat(1_500_000);
    for number in 0..5 {
        let new = referrer(&format!("{number}{large}"), &subject, None);
        db.put_manifest(&name, new).await.unwrap();
    }
    let (mut last, mut sizes, mut found) = (None, Vec::new(), Vec::new());
    loop {
        let page = Page {
            last: last.take(),
            limit: Some(100),
        };
        let listing = db.referrers(&name, &subject, None, page).await.unwrap();
        sizes.push(listing.items.len());
        found.extend(listing.items.iter().map(|item| item.digest.to_string()));
        last = found.last().cloned();
        if !listing.more {
            break;
        }
    }
    assert_eq!(sizes, [2, 2, 1]);
    found.dedup();
    assert_eq!(found.len(), 5);
}

pub(super) async fn referrers_follow_their_manifests(place: &Place) {
    let db = place.open().await;
    let name = repository("a");
    let subject = Digest::of(b"subject");
    let listed = async |name: &str| {
        let name = repository(name);
        let listing = db.referrers(&name, &subject, None, Page::default()).await;
        listing.unwrap().items
    };
    assert_eq!(listed("a").await, []);
    let one = referrer("one", &subject, Some("application/x"));
    let two = referrer("two", &subject, None);
    for new in [&one, &two, &one] {
        db.put_manifest(&name, new.clone()).await.unwrap();
    }
    assert_eq!(listed("a").await, entries(&[&one, &two]));
    assert_eq!(listed("b").await, []);
    let summaries = db.contents(&name).await.unwrap().unwrap().manifests;
    assert!(
        summaries
            .iter()
            .all(|summary| summary.subject.as_ref() == Some(&subject))
    );
    db.delete_manifest(&name, &one.digest, &[]).await.unwrap();
    assert_eq!(listed("a").await, entries(&[&two]));
}

pub(super) async fn referrers_are_filtered_and_come_in_pages(place: &Place) {
    let db = place.open().await;
    let name = repository("a");
    let subject = Digest::of(b"subject");
    let long = "x".repeat(5000);
    let mut all = Vec::new();
    for number in 0..12 {
        let kind = ["application/x", "application/y", &long][number % 3];
        let new = referrer(&number.to_string(), &subject, Some(kind));
        db.put_manifest(&name, new.clone()).await.unwrap();
        all.push(new);
    }
    for kind in [None, Some("application/y"), Some(&long[..]), Some("none")] {
        let wanted: Vec<_> = all
            .iter()
            .filter(|new| {
                let descriptor = &new.referrer.as_ref().unwrap().descriptor;
                kind.is_none() || descriptor.artifact_type.as_deref() == kind
            })
            .collect();
        let wanted = entries(&wanted);
        let mut found = Vec::new();
        let mut next = Page {
            last: None,
            limit: Some(3),
        };
        loop {
            let part = db.referrers(&name, &subject, kind, next).await.unwrap();
            found.extend(part.items);
            if !part.more {
                break;
            }
            let last = found.last().unwrap();
            next = page(&last.digest.to_string(), Some(3));
        }
        assert_eq!(found, wanted, "{kind:?}");
    }
}

pub(super) async fn hostile_texts_do_no_harm(place: &Place) {
    let db = place.open().await;
    let name = repository("a");
    let subject = Digest::of(b"subject");
    let new = referrer("one", &subject, Some("a\0b"));
    db.put_manifest(&name, new.clone()).await.unwrap();
    let found = db
        .referrers(&name, &subject, Some("a\0b"), page("\0", None))
        .await;
    assert_eq!(found.unwrap().items, entries(&[&new]));
    db.put_manifest(&name, manifest("m", &["a", "b"]))
        .await
        .unwrap();
    let found = db.tags(&name, page("a\0b", None)).await.unwrap().unwrap();
    assert_eq!(found.items, ["b".parse().unwrap()]);
    let found = db
        .repositories(page("'; DROP TABLE tags; --", None))
        .await
        .unwrap();
    assert_eq!(found.items, [name]);
    assert_eq!(db.key("a\0b").await.unwrap(), None);
}
