use std::fs;

use lazaret_rootfs::{Attributes, DiskBuilder, Options};

use super::*;

const CONFIG: &str =
    r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;

fn manifest() -> BundleManifest {
    let config = lazaret_oci::Descriptor::of(
        "application/vnd.oci.image.config.v1+json",
        CONFIG.as_bytes(),
    );
    let text = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{}","size":{}}},"layers":[]}}"#,
        config.digest, config.size
    );
    BundleManifest::new(text, CONFIG.into())
}

fn disk(folder: &std::path::Path) -> File {
    let path = folder.join("disk");
    let open = || {
        File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
    };
    let mut disk = DiskBuilder::create(open().unwrap(), Options::default()).unwrap();
    let content = vec![7; 100_000];
    disk.add_file("f", Attributes::new(0o644), &content[..])
        .unwrap();
    disk.finish().unwrap();
    open().unwrap()
}

fn entry(bundle: &[u8]) -> CatalogueImage {
    CatalogueImage {
        name: "test".into(),
        distro: None,
        arch: "amd64".into(),
        kernel: None,
        url: String::new(),
        sha256: Digest::of(bundle).hex().into(),
        size: bundle.len() as u64,
    }
}

fn take(folder: &std::path::Path, bundle: &[u8]) -> Result<(ImageStore, ImageRecord), Error> {
    let store = ImageStore::open(folder.join("store")).unwrap();
    let path = folder.join("bundle");
    fs::write(&path, bundle).unwrap();
    let reference = "localhost/test:latest".parse().unwrap();
    let file = File::open(&path).unwrap();
    let record = unpack(&store, &file, &entry(bundle), &reference, Some("k".into()))?;
    store.put(&record)?;
    Ok((store, record))
}

#[test]
fn a_bundle_comes_out_as_it_went_in() {
    let folder = tempfile::tempdir().unwrap();
    let disk = disk(folder.path());
    let pack = || {
        let output = tempfile::NamedTempFile::new().unwrap();
        write(&disk, &manifest(), output.as_file()).unwrap();
        fs::read(output.path()).unwrap()
    };
    let bundle = pack();
    assert!(bundle == pack());
    // The disk has a gigabyte, nearly all of it holes.
    assert!(bundle.len() < 300_000, "{}", bundle.len());
    let (store, record) = take(folder.path(), &bundle).unwrap();
    let prebuilt = record.prebuilt.unwrap();
    assert_eq!(prebuilt.kernel.as_deref(), Some("k"));
    let path = store.disk(&prebuilt.disk).unwrap().unwrap();
    let disks = store.disks().unwrap();
    assert!(disks[0].allocated < 10 << 20, "{disks:?}");
    let reader = DiskReader::open(File::open(path).unwrap(), Limits::default()).unwrap();
    assert_eq!(reader.lookup("f").unwrap().unwrap().size, 100_000);
    let digest = Digest::of(manifest().manifest.as_bytes());
    assert_eq!(record.digest, digest);
    assert!(store.path(&digest).is_some());
    // Taking a bundle twice changes nothing.
    take(folder.path(), &bundle).unwrap();
    assert_eq!(store.disks().unwrap().len(), 1);
}

/// A bundle with these members.
fn bundle(members: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
    for (name, kind, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        if kind.is_symlink() {
            header.set_link_name("/etc/passwd").unwrap();
        }
        let bytes = header.as_mut_bytes();
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        archive.append(&header, *content).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

#[test]
fn anything_else_is_refused_and_leaves_nothing() {
    use tar::EntryType::{Directory, Regular, Symlink};
    let folder = tempfile::tempdir().unwrap();
    let disk = disk(folder.path());
    let mut ext4 = vec![0; 2 << 20];
    // Enough bytes for a valid superblock, but not for the tree.
    disk.read_exact_at(&mut ext4, 0).unwrap();
    let json = serde_json::to_vec(&manifest()).unwrap();
    let json = &json[..];
    let other = serde_json::to_vec(&BundleManifest {
        config: "{}".into(),
        ..manifest()
    });
    let other = other.unwrap();
    for (members, words) in [
        (&[(MANIFEST, Regular, json)][..], "lacks"),
        (&[], "lacks"),
        (
            &[(MANIFEST, Regular, json), ("more", Regular, b"")],
            "'more'",
        ),
        (
            &[(MANIFEST, Regular, json), ("../x", Regular, b"")],
            "'../x'",
        ),
        (
            &[(MANIFEST, Regular, json), (MANIFEST, Regular, json)],
            "twice",
        ),
        (&[(MANIFEST, Symlink, b"")], "no file"),
        (&[(DISK, Directory, b"")], "no file"),
        (&[(MANIFEST, Regular, b"{}")], "missing field"),
        (
            &[(MANIFEST, Regular, json), (DISK, Regular, b"no disk")],
            DISK,
        ),
        (&[(MANIFEST, Regular, json), (DISK, Regular, &ext4)], DISK),
        (&[(MANIFEST, Regular, &other)], "lacks"),
    ] {
        let error = take(folder.path(), &bundle(members)).unwrap_err();
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
    let error = take(folder.path(), b"no archive").unwrap_err();
    assert!(matches!(error, Error::Bundle { .. }), "{error}");
    let store = ImageStore::open(folder.path().join("store")).unwrap();
    assert_eq!(store.disks().unwrap(), []);
    assert_eq!(store.list().unwrap(), []);
}
