//! Tests of tars that other programs write, and of broken ones.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use lazaret_images::{
    Error, Graph, ImageStore, Layout, LayoutFolder, LayoutTar, LeasedStore, Source as _, TarKind,
    Wanted, copy, open,
};
use lazaret_oci::{Descriptor, Digest};
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

use crate::suite::{Sample, reads_like};

struct World {
    folder: TempDir,
    store: LeasedStore,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = ImageStore::open(folder.path().join("store")).unwrap();
        let store = store.leased().unwrap();
        Self { folder, store }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn blobs(&self) -> usize {
        self.store.store().blobs().unwrap().len()
    }
}

fn append(tar: &mut Builder<File>, name: &str, bytes: &[u8]) {
    let mut header = Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, name, bytes).unwrap();
}

/// The format of `docker save` before it wrote layouts: two layers, one of them twice.
fn docker_save(path: &Path, tags: &[&str], diff_ids: Option<Vec<Digest>>) {
    let layers = [b"lower".to_vec(), vec![b'u'; 100_000], b"lower".to_vec()];
    let right = layers.iter().map(|layer| Digest::of(layer)).collect();
    let diff_ids: Vec<Digest> = diff_ids.unwrap_or(right);
    let mut tar = Builder::new(File::create(path).unwrap());
    let mut list = Vec::new();
    for (number, tag) in tags.iter().enumerate() {
        let config = serde_json::json!({
            "os": "linux",
            "architecture": "amd64",
            "author": number,
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
        });
        append(
            &mut tar,
            &format!("{number}.json"),
            config.to_string().as_bytes(),
        );
        list.push(serde_json::json!({
            "Config": format!("{number}.json"),
            "RepoTags": [tag],
            "Layers": ["a/layer.tar", "b/layer.tar", "c/layer.tar"],
        }));
    }
    append(&mut tar, "a/layer.tar", &layers[0]);
    append(&mut tar, "b/layer.tar", &layers[1]);
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Symlink);
    header.set_size(0);
    tar.append_link(&mut header, "c/layer.tar", "../a/layer.tar")
        .unwrap();
    let list = serde_json::Value::from(list).to_string();
    append(&mut tar, "manifest.json", list.as_bytes());
    tar.into_inner().unwrap();
}

#[tokio::test]
async fn a_docker_archive_is_an_image_and_always_the_same() {
    let world = World::new();
    docker_save(&world.path("a.tar"), &["acme/a:v1"], None);
    let source = open(&world.path("a.tar"), &world.store).unwrap();
    let root = source.root(&Wanted::Only).await.unwrap();
    for name in ["v1", "acme/a:v1"] {
        let named = source.root(&Wanted::Name(name.to_owned())).await.unwrap();
        assert_eq!(named, root, "{name}");
    }
    // The layers are gzip now, and have the same content as in the tar.
    let graph = Graph::read(&*source, &root).await.unwrap();
    let layers = &graph.root().document.manifest().unwrap().layers;
    assert_eq!(layers.len(), 3);
    assert_eq!(layers[0], layers[2]);
    let blob = source.blob(&layers[1]).await.unwrap();
    assert!(blob.is_verified() && blob.file().is_some());
    let bytes = blob.bytes(100_000).await.unwrap();
    let mut plain = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(&bytes[..]);
    std::io::Read::read_to_end(&mut decoder, &mut plain).unwrap();
    assert_eq!(plain, vec![b'u'; 100_000]);
    // A copy keeps the digest, and another machine makes the same manifest.
    let target = LayoutFolder::create(&world.path("layout")).unwrap();
    copy(&graph, &*source, &target, Some("v1"), 4)
        .await
        .unwrap();
    let layout = Layout::in_folder(&world.path("layout")).unwrap();
    let copied = layout.root(&Wanted::Only).await.unwrap();
    assert_eq!(copied.digest, root.digest);
    let other = World::new();
    let source = open(&world.path("a.tar"), &other.store).unwrap();
    let by_digest = Wanted::Digest(root.digest.clone());
    assert_eq!(source.root(&by_digest).await.unwrap(), root);
    let unknown = Wanted::Digest(Digest::of(b"unknown"));
    assert!(source.root(&unknown).await.is_err());
}

#[tokio::test]
async fn a_docker_archive_of_several_images_wants_a_name() {
    let world = World::new();
    docker_save(&world.path("a.tar"), &["a:v1", "b:v2"], None);
    let source = open(&world.path("a.tar"), &world.store).unwrap();
    let error = source.root(&Wanted::Only).await.unwrap_err().to_string();
    assert!(error.contains("a:v1, b:v2"), "{error}");
    let unknown = Wanted::Name("v9".to_owned());
    let error = source.root(&unknown).await.unwrap_err().to_string();
    assert!(error.contains("'v9'") && error.contains("a:v1"), "{error}");
    // Nothing is compressed before a root is selected.
    assert_eq!(world.blobs(), 0);
    let first = source.root(&Wanted::Name("v1".to_owned())).await.unwrap();
    let second = source.root(&Wanted::Name("b:v2".to_owned())).await.unwrap();
    assert_ne!(first.digest, second.digest);
}

#[tokio::test]
async fn docker_archives_that_lie_are_refused_before_anything_is_kept() {
    let world = World::new();
    let [a, b] = [b"lower", &b"other"[..]].map(Digest::of);
    let upper = Digest::of(&vec![b'u'; 100_000]);
    docker_save(
        &world.path("diff.tar"),
        &["a:v1"],
        Some(vec![b, upper, a.clone()]),
    );
    let source = open(&world.path("diff.tar"), &world.store).unwrap();
    let error = source.root(&Wanted::Only).await.unwrap_err();
    assert!(matches!(error, Error::DigestMismatch { .. }), "{error}");
    assert!(error.to_string().contains("diff id"), "{error}");
    assert_eq!(world.blobs(), 0);

    docker_save(&world.path("count.tar"), &["a:v1"], Some(vec![a]));
    let source = open(&world.path("count.tar"), &world.store).unwrap();
    let error = source.root(&Wanted::Only).await.unwrap_err();
    let counts = |error: &Error| {
        matches!(
            error,
            Error::LayerCount {
                layers: 3,
                diff_ids: 1,
                ..
            }
        )
    };
    assert!(counts(&error), "{error}");

    let mut tar = Builder::new(File::create(world.path("hole.tar")).unwrap());
    let list = br#"[{"Config": "absent.json", "RepoTags": null, "Layers": []}]"#;
    append(&mut tar, "manifest.json", list);
    tar.into_inner().unwrap();
    let source = open(&world.path("hole.tar"), &world.store).unwrap();
    let error = source.root(&Wanted::Only).await.unwrap_err().to_string();
    assert!(error.contains("'absent.json'"), "{error}");

    let mut tar = Builder::new(File::create(world.path("other.tar")).unwrap());
    append(&mut tar, "etc/passwd", b"root");
    tar.into_inner().unwrap();
    let error = open(&world.path("other.tar"), &world.store).err().unwrap();
    assert!(error.to_string().contains("docker save"), "{error}");
}

#[tokio::test]
async fn a_compressed_layout_tar_is_a_layout_and_leaves_the_store_alone() {
    let world = World::new();
    let sample = Sample::index();
    let target = LayoutTar::create(&world.path("a.tar"), TarKind::Oci).unwrap();
    let graph = Graph::read(&sample, &sample.root).await.unwrap();
    copy(&graph, &sample, &target, Some("v1"), 4).await.unwrap();
    lazaret_images::Target::finish(&target).await.unwrap();
    let file = File::create(world.path("a.tar.gz")).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    encoder
        .write_all(&std::fs::read(world.path("a.tar")).unwrap())
        .unwrap();
    encoder.finish().unwrap();
    let source = open(&world.path("a.tar.gz"), &world.store).unwrap();
    reads_like(&*source, "v1", &sample).await;
    assert_eq!(world.blobs(), 0);
}

#[tokio::test]
async fn a_tar_is_there_only_when_it_is_finished() {
    let world = World::new();
    let path = world.path("a.tar");
    let target = LayoutTar::create(&path, TarKind::Docker).unwrap();
    let sample = Sample::image(1);
    let graph = Graph::read(&sample, &sample.root).await.unwrap();
    copy(&graph, &sample, &target, Some("a:v1"), 4)
        .await
        .unwrap();
    assert!(!path.exists());
    lazaret_images::Target::finish(&target).await.unwrap();
    assert!(path.exists());
    let again = copy(&graph, &sample, &target, Some("a:v2"), 4).await;
    assert!(again.unwrap_err().to_string().contains("finished"));
    // Docker finds it too.
    let mut tar = tar::Archive::new(File::open(&path).unwrap());
    let names: Vec<String> = tar
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().display().to_string())
        .collect();
    assert!(names.contains(&"manifest.json".to_owned()), "{names:?}");
    drop(LayoutTar::create(&world.path("b.tar"), TarKind::Oci).unwrap());
    assert!(!world.path("b.tar").exists());
}

#[tokio::test]
async fn links_out_of_a_layout_and_folders_of_others_are_refused() {
    let world = World::new();
    let folder = world.path("layout");
    let target = LayoutFolder::create(&folder).unwrap();
    let sample = Sample::image(1);
    let graph = Graph::read(&sample, &sample.root).await.unwrap();
    copy(&graph, &sample, &target, Some("v1"), 4).await.unwrap();
    let layer: Descriptor = graph.blobs()[1].clone();
    let path = folder.join("blobs/sha256").join(layer.digest.hex());
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
    let layout = Layout::in_folder(&folder).unwrap();
    let error = layout.blob(&layer).await.unwrap_err().to_string();
    assert!(error.contains("not a regular file"), "{error}");

    let other = world.path("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("precious"), "").unwrap();
    let error = LayoutFolder::create(&other).unwrap_err().to_string();
    assert!(error.contains("not empty"), "{error}");
    assert!(Layout::in_folder(&other).is_err());
    assert_eq!(lazaret_files::children(&other).unwrap().len(), 1);
}
