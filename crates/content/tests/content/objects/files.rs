//! Tests of objects in files: damage, deletion during a read, full disks.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use bytes::Bytes;
use lazaret_content::{BlobStore as _, Durability, Error, FileObjects, Staged, UploadId};

/// A store in a fresh folder.
fn store() -> (tempfile::TempDir, FileObjects) {
    let root = tempfile::tempdir().unwrap();
    let store = FileObjects::open(root.path(), Durability::Synced).unwrap();
    (root, store)
}

fn file(root: &Path, id: &UploadId) -> PathBuf {
    root.join("objects")
        .join(&id.as_str()[..2])
        .join(id.as_str())
}

async fn append(
    store: &FileObjects,
    id: &UploadId,
    staged: Staged,
    content: &[u8],
) -> Result<Staged, Error> {
    let mut writer = store.append(id, staged, None).await?;
    for piece in content.chunks(100_000) {
        writer.write(Bytes::copy_from_slice(piece)).await?;
    }
    Ok(writer.close().await?.0)
}

#[tokio::test]
async fn a_file_shorter_than_claimed_is_noticed() {
    for length in [100, 100_000] {
        let (root, store) = store();
        let id = UploadId::random();
        let content = vec![1; length];
        let staged = append(&store, &id, Staged::default(), &content)
            .await
            .unwrap();
        let path = file(root.path(), &id);
        let inside = File::options().write(true).open(&path).unwrap();
        inside.set_len(length as u64 - 1).unwrap();
        let errors = [
            store.append(&id, staged.clone(), None).await.err().unwrap(),
            store.seal(&id, &staged).await.unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, Error::UploadUnknown { .. }), "{error}");
        }
        let error = store.open(&id, length as u64, None).await.unwrap_err();
        assert!(matches!(error, Error::Object { .. }), "{error}");
        assert_eq!(store.stat(&id).await.unwrap(), Some(length as u64 - 1));
    }
}

#[tokio::test]
async fn a_file_that_shrinks_while_it_is_read_is_an_error() {
    let (root, store) = store();
    let id = UploadId::random();
    let staged = append(&store, &id, Staged::default(), &[1; 1_000_000])
        .await
        .unwrap();
    store.seal(&id, &staged).await.unwrap();
    let blob = store.open(&id, 1_000_000, None).await.unwrap().unwrap();
    let inside = File::options().write(true).open(file(root.path(), &id));
    inside.unwrap().set_len(600_000).unwrap();
    assert!(blob.read(1_000_000).await.is_err());
}

#[tokio::test]
async fn an_open_object_outlives_its_deletion() {
    let (_root, store) = store();
    let id = UploadId::random();
    let staged = append(&store, &id, Staged::default(), &[5; 300_000])
        .await
        .unwrap();
    store.seal(&id, &staged).await.unwrap();
    let other = store.open(&id, 300_000, None).await.unwrap().unwrap();
    assert!(other.into_file().is_ok());
    let blob = store.open(&id, 300_000, None).await.unwrap().unwrap();
    store.delete(&id, &staged).await.unwrap();
    assert!(blob.read(300_000).await.unwrap() == [5; 300_000][..]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_read_is_not_taken_for_an_empty_one() {
    let (root, store) = store();
    let id = UploadId::random();
    append(&store, &id, Staged::default(), b"content")
        .await
        .unwrap();
    let folder = root.path().join("objects/7f");
    fs::remove_dir_all(&folder).unwrap();
    let error = store.list(None, 1000).await.unwrap_err();
    assert!(error.to_string().contains("objects/7f"), "{error}");
    fs::write(&folder, "a file").unwrap();
    let error = store.list(None, 1000).await.unwrap_err();
    assert!(error.to_string().contains("objects/7f"), "{error}");
    let inside = "7f000000000000000000000000000000".parse().unwrap();
    let error = append(&store, &inside, Staged::default(), b"x")
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    assert!(FileObjects::open(root.path(), Durability::Synced).is_err());
}

#[tokio::test]
async fn foreign_files_are_no_objects() {
    let (root, store) = store();
    let id = UploadId::random();
    append(&store, &id, Staged::default(), b"content")
        .await
        .unwrap();
    let objects = root.path().join("objects");
    fs::write(objects.join("readme"), "").unwrap();
    fs::write(objects.join("00/.nfs0001"), "").unwrap();
    // An object's name in a folder in which it is not looked for.
    fs::write(objects.join("01/00000000000000000000000000000000"), "").unwrap();
    let listed = store.list(None, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0].id, listed[0].size), (&id, 7));
}

#[tokio::test]
async fn single_bytes_are_taken() {
    let (_root, store) = store();
    let id = UploadId::random();
    let mut writer = store.append(&id, Staged::default(), None).await.unwrap();
    let content: Vec<u8> = (0..5_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    for byte in &content {
        writer
            .write(Bytes::copy_from_slice(&[*byte]))
            .await
            .unwrap();
        writer.write(Bytes::new()).await.unwrap();
    }
    let (staged, _) = writer.close().await.unwrap();
    store.seal(&id, &staged).await.unwrap();
    let blob = store.open(&id, 5_000, None).await.unwrap().unwrap();
    assert!(blob.read(5_000).await.unwrap() == content);
}

/// Runs the test in a child process whose files are limited to 2 MiB: longer writes fail as on
/// a full disk.
#[test]
fn a_full_disk_costs_only_what_did_not_fit() {
    let name = "objects::files::on_a_full_disk";
    let output = Command::new("bash")
        .args(["-c", r#"trap '' XFSZ; ulimit -f 2048; exec "$0" "$@""#])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--ignored"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

#[tokio::test]
#[ignore = "needs a limit for the size of files"]
async fn on_a_full_disk() {
    let (root, store) = store();
    let id = UploadId::random();
    let content = vec![3; 1_000_000];
    let staged = append(&store, &id, Staged::default(), &content)
        .await
        .unwrap();
    let error = append(&store, &id, staged.clone(), &vec![4; 3_000_000]).await;
    let error = error.unwrap_err();
    assert!(error.to_string().starts_with("failed to write"), "{error}");
    // The bytes that did not fit are not kept, and the staged object can be continued.
    assert_eq!(
        fs::metadata(file(root.path(), &id)).unwrap().len(),
        1_000_000
    );
    let staged = append(&store, &id, staged, &vec![3; 1_000_000])
        .await
        .unwrap();
    store.seal(&id, &staged).await.unwrap();
    let blob = store.open(&id, 2_000_000, None).await.unwrap().unwrap();
    assert!(blob.read(2_000_000).await.unwrap() == vec![3; 2_000_000]);
}
