//! Requirements for every database when several clients change the same rows at once.

use std::time::{Duration, SystemTime};

use lazaret_content::{
    Claim, Error, Finished, NewManifest, Page, Unlinked, UnusedBlob, UnusedLink,
};
use lazaret_oci::Digest;
use tokio::task::JoinSet;

use super::databases::{
    LEASE, Place, Replica, by_digest, by_tag, claimed, manifest, manifest_of, on_every_database,
    push, push_finished, repository,
};

on_every_database! { races:
    one_of_many_finishers_stores_the_content
    one_finish_of_an_upload_counts
    one_of_many_claims_wins
    a_tag_points_to_one_of_its_manifests
    an_immutable_tag_is_set_once
    a_mount_and_a_collection
    a_push_and_a_collection
    a_manifest_and_the_collection_of_its_blob
    a_manifest_and_the_deletion_of_its_blob
    an_index_and_the_collection_of_its_manifest
    a_new_repository_is_made_once
    quotas_hold
    everything_at_once
}

const ROUNDS: u32 = 15;

/// Runs all at once, each with another replica, and returns the results in any order.
async fn at_once<T, F>(
    replicas: &[Replica],
    many: usize,
    of: impl Fn(usize, Replica) -> F,
) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for number in 0..many {
        tasks.spawn(of(number, replicas[number % replicas.len()].clone()));
    }
    tasks.join_all().await
}

async fn is_sound(place: &Place) {
    assert_eq!(place.audit().await, Vec::<String>::new());
}

/// The steps of a collector with a blob that it once found unused in `a`.
async fn collect(db: &Replica, digest: &Digest, blob: &UnusedBlob, before: SystemTime) {
    let link = UnusedLink {
        repository: repository("a"),
        digest: digest.clone(),
        size: blob.size,
    };
    db.drop_links(&[link], before).await.unwrap();
    db.condemn_blobs(std::slice::from_ref(blob), before)
        .await
        .unwrap();
}

pub(super) async fn one_of_many_finishers_stores_the_content(place: &Place) {
    let replicas = place.replicas().await;
    for round in 0..ROUNDS {
        let content = format!("content {round}");
        let finished = at_once(&replicas, 6, |number, db| {
            let content = content.clone();
            async move {
                let name = ["a", "b"][number % 2];
                push_finished(&db, name, &content).await.2
            }
        })
        .await;
        let stored = finished
            .iter()
            .filter(|&&finished| finished == Finished::Stored);
        assert_eq!(stored.count(), 1);
        let digest = Digest::of(content.as_bytes());
        for name in ["a", "b"] {
            let found = replicas[0].blob(&repository(name), &digest).await.unwrap();
            assert!(found.is_some());
        }
    }
    let garbage = replicas[0].garbage(place.later(), 1000).await.unwrap();
    assert_eq!(garbage.len(), 5 * ROUNDS as usize);
    is_sound(place).await;
}

pub(super) async fn one_finish_of_an_upload_counts(place: &Place) {
    let replicas = place.replicas().await;
    for round in 0..ROUNDS {
        let (id, claim) = claimed(&replicas[0], "a").await;
        let digest = Digest::of(&round.to_be_bytes());
        let outcomes = at_once(&replicas, 4, |number, db| {
            let (id, claim, digest) = (id.clone(), claim.clone(), digest.clone());
            async move {
                if number == 3 {
                    return db.discard_upload(&id, &claim).await.unwrap();
                }
                match db.finish_upload(&id, &claim, &digest, 4, None).await {
                    Ok(finished) => {
                        assert_eq!(finished, Finished::Stored);
                        true
                    }
                    Err(Error::UploadUnknown { .. }) => false,
                    Err(error) => panic!("{error:?}"),
                }
            }
        })
        .await;
        assert_eq!(outcomes.iter().filter(|&&ended| ended).count(), 1);
    }
    is_sound(place).await;
}

pub(super) async fn one_of_many_claims_wins(place: &Place) {
    let replicas = place.replicas().await;
    for _ in 0..ROUNDS {
        let (id, _) = claimed(&replicas[0], "a").await;
        place.clock.advance(LEASE);
        let won = at_once(&replicas, 6, |_, db| {
            let id = id.clone();
            async move {
                match db.claim_upload(&id, &Claim::random(), LEASE).await {
                    Ok(_) => true,
                    Err(Error::UploadBusy { .. }) => false,
                    Err(error) => panic!("{error:?}"),
                }
            }
        })
        .await;
        assert_eq!(won.iter().filter(|&&won| won).count(), 1);
    }
}

pub(super) async fn a_tag_points_to_one_of_its_manifests(place: &Place) {
    let replicas = place.replicas().await;
    for round in 0..ROUNDS {
        at_once(&replicas, 6, |number, db| async move {
            let new = manifest(&format!("{round} {}", number / 2), &["v1"]);
            let name = repository("a");
            if number % 2 == 0 {
                db.put_manifest(&name, new).await.unwrap();
            } else {
                db.delete_manifest(&name, &new.digest, &[]).await.unwrap();
            }
        })
        .await;
        let tags = replicas[0]
            .tags(&repository("a"), Page::default())
            .await
            .unwrap();
        let listed = !tags.unwrap().items.is_empty();
        assert_eq!(by_tag(&replicas[0], "a", "v1").await.is_some(), listed);
    }
    is_sound(place).await;
}

pub(super) async fn an_immutable_tag_is_set_once(place: &Place) {
    let replicas = place.replicas().await;
    for round in 0..ROUNDS {
        let tag = format!("v{round}");
        let set = at_once(&replicas, 6, |number, db| {
            let new = NewManifest {
                tags_are_immutable: true,
                ..manifest(&number.to_string(), &[&tag])
            };
            async move {
                match db.put_manifest(&repository("a"), new).await {
                    Ok(()) => true,
                    Err(Error::TagImmutable { .. }) => false,
                    Err(error) => panic!("{error:?}"),
                }
            }
        })
        .await;
        assert_eq!(set.iter().filter(|&&set| set).count(), 1);
    }
    is_sound(place).await;
}

pub(super) async fn a_mount_and_a_collection(place: &Place) {
    let replicas = place.replicas().await;
    for round in 0..ROUNDS {
        let (digest, object) = push(&replicas[0], "a", &round.to_string()).await;
        let before = place.later();
        place.clock.advance(Duration::from_secs(60));
        let blob = UnusedBlob {
            digest: digest.clone(),
            object,
            size: round.to_string().len() as u64,
        };
        let mounted = at_once(&replicas, 3, |number, db| {
            let (digest, blob) = (digest.clone(), blob.clone());
            async move {
                let (a, b) = (repository("a"), repository("b"));
                if number != 0 {
                    collect(&db, &digest, &blob, before).await;
                    return false;
                }
                let mounted = db.mount_blob(&b, &a, &digest, None).await.unwrap();
                if mounted.is_some() {
                    // Nothing removes a blob that was mounted a moment ago.
                    let new = manifest_of(&round.to_string(), &[], &[&digest]);
                    db.put_manifest(&b, new).await.unwrap();
                }
                mounted.is_some()
            }
        })
        .await;
        let found = replicas[0].blob(&repository("b"), &digest).await.unwrap();
        assert_eq!(found.is_some(), mounted.contains(&true));
    }
    is_sound(place).await;
}

pub(super) async fn a_push_and_a_collection(place: &Place) {
    let replicas = place.replicas().await;
    for round in 0..ROUNDS {
        let content = round.to_string();
        let (digest, object) = push(&replicas[0], "a", &content).await;
        let before = place.later();
        place.clock.advance(Duration::from_secs(60));
        let blob = UnusedBlob {
            digest: digest.clone(),
            object,
            size: content.len() as u64,
        };
        at_once(&replicas, 4, |number, db| {
            let (digest, blob, content) = (digest.clone(), blob.clone(), content.clone());
            async move {
                if number % 2 == 0 {
                    collect(&db, &digest, &blob, before).await;
                } else {
                    push(&db, "b", &content).await;
                }
            }
        })
        .await;
        let found = replicas[0].blob(&repository("b"), &digest).await.unwrap();
        assert!(found.is_some(), "what was pushed is there");
        is_sound(place).await;
    }
}

pub(super) async fn a_manifest_and_the_collection_of_its_blob(place: &Place) {
    let replicas = place.replicas().await;
    for round in 0..ROUNDS {
        let (digest, object) = push(&replicas[0], "a", &round.to_string()).await;
        let before = place.later();
        place.clock.advance(Duration::from_secs(60));
        let blob = UnusedBlob {
            digest: digest.clone(),
            object,
            size: round.to_string().len() as u64,
        };
        let put = at_once(&replicas, 3, |number, db| {
            let (digest, blob) = (digest.clone(), blob.clone());
            async move {
                if number != 1 {
                    collect(&db, &digest, &blob, before).await;
                    return false;
                }
                let new = manifest_of(&round.to_string(), &["v1"], &[&digest]);
                match db.put_manifest(&repository("a"), new).await {
                    Ok(()) => true,
                    Err(Error::Missing { .. }) => false,
                    Err(error) => panic!("{error:?}"),
                }
            }
        })
        .await;
        let found = replicas[0].blob(&repository("a"), &digest).await.unwrap();
        assert_eq!(found.is_some(), put.contains(&true));
    }
    is_sound(place).await;
}

pub(super) async fn a_manifest_and_the_deletion_of_its_blob(place: &Place) {
    let replicas = place.replicas().await;
    for round in 0..ROUNDS {
        let (digest, _) = push(&replicas[0], "a", &round.to_string()).await;
        let outcomes = at_once(&replicas, 3, |number, db| {
            let digest = digest.clone();
            async move {
                let (a, b) = (repository("a"), repository("b"));
                if number == 0 {
                    return db.unlink_blob(&a, &digest).await.unwrap() == Unlinked::Done;
                }
                if number == 1 {
                    db.mount_blob(&b, &a, &digest, None).await.unwrap();
                    return false;
                }
                let new = manifest_of(&round.to_string(), &["v1"], &[&digest]);
                match db.put_manifest(&a, new).await {
                    Ok(()) => true,
                    Err(Error::Missing { .. }) => false,
                    Err(error) => panic!("{error:?}"),
                }
            }
        })
        .await;
        let succeeded = outcomes.iter().filter(|&&done| done).count();
        assert_eq!(succeeded, 1, "the one or the other");
    }
    is_sound(place).await;
}

pub(super) async fn an_index_and_the_collection_of_its_manifest(place: &Place) {
    let replicas = place.replicas().await;
    for round in 0..ROUNDS {
        let child = manifest(&format!("child {round}"), &[]);
        let name = repository("a");
        replicas[0]
            .put_manifest(&name, child.clone())
            .await
            .unwrap();
        let pushed = place.now();
        let done = at_once(&replicas, 2, |number, db| {
            let child = child.digest.clone();
            async move {
                let name = repository("a");
                if number == 0 {
                    return db.delete_untagged(&name, &child, pushed).await.unwrap();
                }
                let index = NewManifest {
                    manifests: vec![child],
                    needs_manifests: true,
                    ..manifest(&format!("index {round}"), &["v1"])
                };
                match db.put_manifest(&name, index).await {
                    Ok(()) => true,
                    Err(Error::Missing { .. }) => false,
                    Err(error) => panic!("{error:?}"),
                }
            }
        })
        .await;
        assert_eq!(
            done.iter().filter(|&&done| done).count(),
            1,
            "the one or the other"
        );
        let index = Digest::of(format!("index {round}").as_bytes());
        let has_index = by_digest(&replicas[0], "a", &index).await.is_some();
        let child = by_digest(&replicas[0], "a", &child.digest).await;
        assert_eq!(child.is_some(), has_index);
    }
    is_sound(place).await;
}

pub(super) async fn a_new_repository_is_made_once(place: &Place) {
    let replicas = place.replicas().await;
    for round in 0..ROUNDS {
        let name = format!("new/{round}");
        at_once(&replicas, 6, |number, db| {
            let name = name.clone();
            async move {
                if number % 2 == 0 {
                    push(&db, &name, &number.to_string()).await;
                } else {
                    let new = manifest(&number.to_string(), &["v1"]);
                    db.put_manifest(&repository(&name), new).await.unwrap();
                }
            }
        })
        .await;
    }
    let all = replicas[0].repositories(Page::default()).await.unwrap();
    assert_eq!(all.items.len(), ROUNDS as usize);
    is_sound(place).await;
}

pub(super) async fn quotas_hold(place: &Place) {
    let replicas = place.replicas().await;
    for round in 0..ROUNDS {
        let name = format!("a/{round}");
        let taken = at_once(&replicas, 6, |number, db| {
            let name = name.clone();
            async move {
                let (id, claim) = claimed(&db, &name).await;
                let digest = Digest::of(format!("{round} {number}").as_bytes());
                match db.finish_upload(&id, &claim, &digest, 10, Some(35)).await {
                    Ok(_) => true,
                    Err(Error::QuotaExceeded { .. }) => false,
                    Err(error) => panic!("{error:?}"),
                }
            }
        })
        .await;
        assert_eq!(taken.iter().filter(|&&taken| taken).count(), 3);
    }
    is_sound(place).await;
}

/// All clients perform all operations on a few rows; only errors of the port are allowed.
pub(super) async fn everything_at_once(place: &Place) {
    let replicas = place.replicas().await;
    let started = place.now();
    at_once(&replicas, 6, |number, db| async move {
        let mut random = fastrand::Rng::with_seed(number as u64);
        for _ in 0..60 {
            let name = repository(["a", "b", "c"][random.usize(0..3)]);
            let other = repository(["a", "b", "c"][random.usize(0..3)]);
            let content = random.u8(0..4).to_string();
            let digest = Digest::of(content.as_bytes());
            let new = manifest_of(&format!("m{content}"), &["v1"], &[&digest]);
            let before = started + Duration::from_millis(1);
            match random.u8(0..10) {
                0 | 1 => drop(push(&db, name.as_str(), &content).await),
                2 | 3 => match db.put_manifest(&name, new).await {
                    Ok(()) | Err(Error::Missing { .. }) => {}
                    Err(error) => panic!("{error:?}"),
                },
                4 => drop(db.mount_blob(&name, &other, &digest, None).await.unwrap()),
                5 => drop(db.unlink_blob(&name, &digest).await.unwrap()),
                6 => drop(db.delete_manifest(&name, &new.digest, &[]).await.unwrap()),
                7 => drop(
                    db.delete_untagged(&name, &new.digest, before)
                        .await
                        .unwrap(),
                ),
                8 => {
                    let links = db.unused_links(before, None, 9).await.unwrap();
                    db.drop_links(&links, before).await.unwrap();
                }
                _ => {
                    let blobs = db.unused_blobs(before, None, 9).await.unwrap();
                    db.condemn_blobs(&blobs, before).await.unwrap();
                }
            }
        }
    })
    .await;
    is_sound(place).await;
}
