use std::fs;
use std::io::Write as _;
use std::path::Path;

use lazaret_files::children;
use lazaret_oci::{Descriptor, Digest, Manifest, ManifestDocument, Platform, media_type};

use super::*;

fn open() -> (tempfile::TempDir, ImageStore) {
    let root = tempfile::tempdir().unwrap();
    let store = ImageStore::open(root.path()).unwrap();
    (root, store)
}

fn put(store: &ImageStore, bytes: &[u8]) -> Digest {
    let mut writer = store.writer().unwrap();
    writer.write_all(bytes).unwrap();
    writer.commit(None).unwrap().0
}

fn image(store: &ImageStore, name: &str, layer: &[u8]) -> ImageRecord {
    let _lease = store.lease().unwrap();
    put(store, layer);
    put(store, b"{}");
    let document = ManifestDocument::of_manifest(Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.into()),
        artifact_type: None,
        config: Descriptor::empty(),
        layers: vec![Descriptor::of(media_type::LAYER, layer)],
        subject: None,
        annotations: std::collections::BTreeMap::new(),
    });
    put(store, document.raw());
    let digest = document.digest().clone();
    let size = layer.len() as u64;
    let platform = Platform::native();
    let record = ImageRecord::new(name.into(), digest.clone(), digest, platform, size);
    store.put(&record).unwrap();
    record
}

fn files_below(path: &Path) -> usize {
    children(path)
        .unwrap()
        .iter()
        .map(|entry| {
            if entry.is_dir() {
                files_below(entry)
            } else {
                1
            }
        })
        .sum()
}

#[test]
fn only_verified_content_is_published() {
    let (root, store) = open();
    let digest = Digest::of(b"content");
    let mut writer = store.writer().unwrap();
    writer.write_all(b"con").unwrap();
    assert_eq!(store.path(&digest), None);
    writer.write_all(b"tent").unwrap();
    let published = writer.commit(Some(&digest)).unwrap();
    assert_eq!(published, (digest.clone(), 7));
    assert!(store.path(&digest).is_some());
    assert_eq!(store.read(&digest, 7).unwrap(), b"content");
    assert!(matches!(
        store.read(&digest, 6),
        Err(Error::TooLarge { .. })
    ));

    let other = Digest::of(b"other");
    let mut wrong = store.writer().unwrap();
    wrong.write_all(b"othex").unwrap();
    let error = wrong.commit(Some(&other)).unwrap_err();
    assert!(matches!(error, Error::DigestMismatch { .. }), "{error}");
    assert_eq!(store.path(&other), None);
    let mut dropped = store.writer().unwrap();
    dropped.write_all(b"other").unwrap();
    drop(dropped);
    assert_eq!(store.path(&other), None);
    assert_eq!(files_below(&root.path().join("scratch")), 0);
}

#[test]
fn sha512_blobs_are_published_under_their_own_digest() {
    let (_root, store) = open();
    let digest = Digest::with(lazaret_oci::Algorithm::Sha512, b"x");
    let mut writer = store.writer().unwrap();
    writer.write_all(b"x").unwrap();
    writer.commit(Some(&digest)).unwrap();
    assert_eq!(store.read(&digest, 1).unwrap(), b"x");
}

#[test]
fn a_damaged_blob_is_noticed_and_healed() {
    let (_root, store) = open();
    let digest = put(&store, b"content");
    fs::write(store.path(&digest).unwrap(), b"cantent").unwrap();
    let error = store.read(&digest, 100).unwrap_err();
    assert!(matches!(error, Error::DigestMismatch { .. }), "{error}");
    put(&store, b"content");
    assert_eq!(store.read(&digest, 100).unwrap(), b"content");
}

#[test]
fn images_are_found_by_name() {
    let (root, store) = open();
    let first = image(&store, "localhost:5000/acme/app:v1", b"one");
    let second = image(&store, "localhost:5000/acme_app:v1", b"two");
    assert_eq!(store.get(&first.name).unwrap().as_ref(), Some(&first));
    assert_eq!(store.get(&second.name).unwrap().as_ref(), Some(&second));
    assert_eq!(store.list().unwrap(), [first.clone(), second]);
    let again = ImageStore::open(root.path()).unwrap();
    assert_eq!(again.list().unwrap().len(), 2);
    assert!(store.remove(&first.name).unwrap());
    assert!(!store.remove(&first.name).unwrap());
    assert_eq!(store.get(&first.name).unwrap(), None);
    assert!(matches!(store.get("a\nb"), Err(Error::Name { .. })));
}

#[test]
fn a_record_needs_its_manifest_and_a_known_version() {
    let (root, store) = open();
    let mut record = image(&store, "a", b"one");
    record.digest = Digest::of(b"absent");
    assert!(matches!(store.put(&record), Err(Error::BlobMissing { .. })));
    let path = children(&root.path().join("images")).unwrap().remove(0);
    let text = fs::read_to_string(&path).unwrap();
    for (from, to) in [
        ("\"version\": 1", "\"version\": 2"),
        ("\"size\"", "\"sise\""),
    ] {
        fs::write(&path, text.replace(from, to)).unwrap();
        assert!(matches!(store.get("a"), Err(Error::Record { .. })), "{to}");
    }
}

#[test]
fn prune_removes_what_no_image_needs() {
    let (_root, store) = open();
    let keep = |key: &str| key == "kept";
    for key in ["kept", "dropped"] {
        let Ok(DiskClaim::Build(build)) = store.claim_disk(key) else {
            panic!("there is no disk yet");
        };
        build.create().unwrap().write_all(b"disk").unwrap();
        build.publish().unwrap();
    }
    let kept = image(&store, "kept", b"one");
    let dropped = image(&store, "dropped", b"two");
    let plan = store.plan_prune(keep).unwrap();
    assert_eq!((plan.blobs.len(), plan.disks.len()), (0, 1));
    store.remove("dropped").unwrap();
    let lease = store.lease().unwrap();
    assert!(matches!(store.prune(keep), Err(Error::InUse { .. })));
    drop(lease);
    let plan = store.plan_prune(keep).unwrap();
    assert_eq!(
        plan.blobs.len(),
        2,
        "manifest and layer, not the shared config"
    );
    assert_eq!(store.prune(keep).unwrap(), plan);
    assert!(store.disk("kept").unwrap().is_some());
    assert!(store.disk("dropped").unwrap().is_none());
    assert!(store.path(&dropped.digest).is_none());
    assert!(store.path(&kept.digest).is_some());
    assert!(store.path(&Digest::of(b"one")).is_some());
    assert!(store.path(&Digest::of(b"{}")).is_some());
}

#[test]
fn one_builder_makes_a_disk_and_the_others_wait() {
    let (_root, store) = open();
    let built = std::sync::atomic::AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| match store.claim_disk("key.ext4").unwrap() {
                DiskClaim::Ready(path) => assert_eq!(fs::read(path).unwrap(), b"disk"),
                DiskClaim::Build(build) => {
                    built.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    std::thread::sleep(std::time::Duration::from_millis(50));
                    build.create().unwrap().write_all(b"disk").unwrap();
                    assert_eq!(store.disk("key.ext4").unwrap(), None);
                    build.publish().unwrap();
                }
            });
        }
    });
    assert_eq!(built.into_inner(), 1);
    let disks = store.disks().unwrap();
    assert_eq!(disks.len(), 1);
    assert_eq!((disks[0].key.as_str(), disks[0].size), ("key.ext4", 4));
    assert!(store.remove_disk("key.ext4").unwrap());
    assert_eq!(store.disk("key.ext4").unwrap(), None);
}

#[test]
fn an_abandoned_disk_build_leaves_nothing() {
    let (root, store) = open();
    let DiskClaim::Build(build) = store.claim_disk("k").unwrap() else {
        panic!("there is no disk yet");
    };
    build.create().unwrap().write_all(b"half").unwrap();
    drop(build);
    assert_eq!(files_below(&root.path().join("scratch")), 0);
    assert!(matches!(store.claim_disk("k"), Ok(DiskClaim::Build(_))));
    for key in ["", ".", "..", "a/b", "x.lock", "\0", "ä"] {
        assert!(matches!(store.disk(key), Err(Error::Name { .. })), "{key}");
    }
}

#[tokio::test]
async fn an_index_that_names_itself_over_and_over_is_read_once() {
    let (_root, store) = open();
    let record = image(&store, "image", b"layer");
    let raw = store.read(&record.digest, 1 << 20).unwrap();
    let mut below = ManifestDocument::parse(raw, None).unwrap();
    for _ in 0..4 {
        let entry = serde_json::to_value(below.descriptor()).unwrap();
        let index = serde_json::json!({ "schemaVersion": 2, "manifests": vec![entry; 2000] });
        let raw = index.to_string().into_bytes();
        put(&store, &raw);
        below = ManifestDocument::parse(raw, None).unwrap();
    }
    let record = ImageRecord {
        source_digest: below.digest().clone(),
        ..record
    };
    store.put(&record).unwrap();
    let leased = store.leased().unwrap();
    let root = leased.root(&Wanted::Name("image".into())).await.unwrap();
    assert_eq!(root.digest, *below.digest());
}
