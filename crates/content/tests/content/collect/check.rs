//! Tests of the findings of a check, and of its repairs.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lazaret_content::collect::{
    Action, Check, CheckEvent, CheckOptions, CheckSummary, Fault, Finding,
};
use lazaret_content::{Staged, UploadId};
use lazaret_oci::Digest;

use super::actors::{Task, content, digest, repository};
use super::gated::{index, manifest};
use super::world::World;

async fn check(world: &World, options: CheckOptions) -> (Vec<Finding>, CheckSummary) {
    let check = Check::new(
        world.database.clone(),
        world.objects.clone(),
        world.clock.clone(),
        options,
    );
    let mut findings = Vec::new();
    let mut note = |event: CheckEvent<'_>| {
        if let CheckEvent::Finding(finding) = event {
            findings.push(finding.clone());
        }
    };
    let summary = check.run(&mut note).await.unwrap();
    (findings, summary)
}

fn quick() -> CheckOptions {
    CheckOptions {
        quick: true,
        ..CheckOptions::default()
    }
}

fn repair() -> CheckOptions {
    CheckOptions {
        repair: true,
        ..CheckOptions::default()
    }
}

/// The findings that have a digest.
fn faults(findings: &[Finding]) -> Vec<(Digest, Fault, Action)> {
    let findings = findings.iter();
    let mut faults: Vec<_> = findings
        .map(|f| (f.digest.clone().unwrap(), f.fault.clone(), f.action))
        .collect();
    faults.sort_by_key(|(digest, _, _)| (0..9).position(|n| super::actors::digest(n) == *digest));
    faults
}

/// The file of a blob's object.
async fn file(world: &World, blob: usize) -> PathBuf {
    let stored = world.database.blob(&repository(0), &digest(blob)).await;
    let id = stored.unwrap().unwrap().object;
    path(world, &id)
}

fn path(world: &World, id: &UploadId) -> PathBuf {
    let objects = world.root.path().join("objects");
    objects.join(&id.as_str()[..2]).join(id.as_str())
}

async fn four_blobs() -> World {
    let world = World::with_files().await;
    world
        .perform(Task::Push(0, (0..4).collect(), Some(0)))
        .await;
    world
}

#[tokio::test]
async fn a_good_store_has_no_findings() {
    let world = four_blobs().await;
    world.perform(Task::Index(1, [0, 1].into(), Some(1))).await;
    let (findings, summary) = check(&world, repair()).await;
    assert_eq!(findings, []);
    let expected = CheckSummary {
        blobs: 4,
        bytes_read: (0..4).map(|blob| content(blob).len() as u64).sum(),
        repositories: 2,
        manifests: 3,
        tags: 2,
        // Two blobs were pushed again to the other repository; their objects are garbage.
        objects: 6,
        ..CheckSummary::default()
    };
    assert_eq!(summary, expected);
    let (findings, summary) = check(&world, quick()).await;
    assert_eq!((findings, summary.bytes_read), (Vec::new(), 0));
}

#[tokio::test]
async fn damage_is_found_quarantined_and_healed_by_a_push() {
    let world = four_blobs().await;
    fs::remove_file(file(&world, 0).await).unwrap();
    let cut = file(&world, 1).await;
    fs::write(&cut, &content(1)[1..]).unwrap();
    let changed = file(&world, 2).await;
    let mut bytes = content(2).to_vec();
    bytes[3] ^= 1;
    fs::write(&changed, &bytes).unwrap();
    let size = content(1).len() as u64;
    let missing = (digest(0), Fault::BlobMissing);
    let short = Fault::BlobSize {
        expected: size,
        actual: size - 1,
    };
    let short = (digest(1), short);
    let actual = Digest::of(&bytes);
    let wrong = (digest(2), Fault::BlobDigest { actual });
    let with = |found: &[&(Digest, Fault)], action| -> Vec<_> {
        let found = found.iter();
        found
            .map(|(digest, fault)| (digest.clone(), fault.clone(), action))
            .collect()
    };
    let (found, _) = check(&world, quick()).await;
    assert_eq!(faults(&found), with(&[&missing, &short], Action::None));
    let (found, _) = check(&world, CheckOptions::default()).await;
    assert_eq!(
        faults(&found),
        with(&[&missing, &short, &wrong], Action::None)
    );
    assert!(world.read(&repository(0), &digest(3)).await.is_some());

    let (found, summary) = check(&world, repair()).await;
    let blobs: Vec<_> = found
        .iter()
        .filter(|f| f.object.is_some())
        .cloned()
        .collect();
    let all = [&missing, &short, &wrong];
    assert_eq!(faults(&blobs), with(&all, Action::Quarantined));
    let unserved: BTreeSet<_> = found
        .iter()
        .filter(|f| matches!(f.fault, Fault::BlobAbsent { .. }))
        .map(|f| f.digest.clone().unwrap())
        .collect();
    assert_eq!(unserved, (0..3).map(digest).collect());
    assert_eq!((summary.faults, summary.repaired), (6, 3));
    for blob in 0..3 {
        assert_eq!(world.read(&repository(0), &digest(blob)).await, None);
    }

    // One file is restored; the check finds that it is intact.
    fs::write(&changed, content(2)).unwrap();
    let (found, _) = check(&world, repair()).await;
    let released = (digest(2), Fault::BlobQuarantined, Action::Released);
    assert!(faults(&found).contains(&released), "{found:?}");
    // The others are pushed again, to another repository.
    world.perform(Task::Push(1, [0, 1].into(), None)).await;
    world.assert_promises().await;
    let (found, _) = check(&world, repair()).await;
    assert_eq!(found, []);
}

#[tokio::test]
async fn objects_that_nothing_names_are_deleted_when_they_are_old() {
    let world = four_blobs().await;
    let id = UploadId::random();
    let mut writer = world
        .objects
        .append(&id, Staged::default(), None)
        .await
        .unwrap();
    writer.write("lost".into()).await.unwrap();
    let (staged, _) = writer.close().await.unwrap();
    world.objects.seal(&id, &staged).await.unwrap();
    // The files are from today, and the clock is far behind.
    assert_eq!(check(&world, repair()).await.0, []);
    world
        .clock
        .advance(Duration::from_secs(60 * 365 * 24 * 3600));
    let finding = |action| Finding {
        fault: Fault::ObjectUnknown { size: 4 },
        action,
        repository: None,
        tag: None,
        digest: None,
        object: Some(id.clone()),
    };
    let (found, _) = check(&world, CheckOptions::default()).await;
    assert_eq!(found, [finding(Action::None)]);
    assert!(path(&world, &id).exists());
    let (found, _) = check(&world, repair()).await;
    assert_eq!(found, [finding(Action::Deleted)]);
    assert!(!path(&world, &id).exists());
    assert_eq!(check(&world, repair()).await.0, []);
    world.assert_promises().await;
}

#[tokio::test]
async fn a_sparse_index_is_a_note() {
    let world = World::with_files().await;
    let child = manifest(&BTreeSet::new(), Vec::new()).digest;
    let index = index(&child, Vec::new());
    let name = repository(0);
    world
        .database
        .put_manifest(&name, index.clone())
        .await
        .unwrap();
    let (found, summary) = check(&world, repair()).await;
    let index = index.digest;
    assert_eq!(
        faults(&found),
        [(child, Fault::ManifestAbsent { index }, Action::None)]
    );
    assert_eq!((summary.faults, summary.notes), (0, 1));
    let text = serde_json::to_value(&found[0]).unwrap();
    assert_eq!(text["fault"], "manifest_absent");
    assert_eq!(text["repository"], "acme/r0");
}

#[tokio::test]
async fn a_check_beside_collection_and_pushes_finds_nothing() {
    let world = Arc::new(World::with_files().await);
    let everything: BTreeSet<usize> = (0..40).collect();
    for _ in 0..3 {
        world.perform(Task::Push(0, everything.clone(), None)).await;
        world.perform(Task::Delete(0, everything.clone())).await;
        let checked = check(&world, repair());
        let collected = world.collect_all();
        let (checked, _) = tokio::join!(checked, collected);
        assert_eq!(checked.0, []);
    }
}
