use lazaret_oci::{Descriptor, Digest, Manifest, media_type};

use crate::{Error, ImageStore};

fn manifest(config: u64, layers: &[Descriptor]) -> Manifest {
    Manifest {
        schema_version: 2,
        media_type: None,
        artifact_type: None,
        config: Descriptor::new(media_type::IMAGE_CONFIG, Digest::of(b"config"), config),
        layers: layers.to_vec(),
        subject: None,
        annotations: Default::default(),
    }
}

fn layer(content: &[u8], size: u64) -> Descriptor {
    Descriptor::new(media_type::LAYER_GZIP, Digest::of(content), size)
}

#[test]
fn images_are_refused_by_their_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let store = ImageStore::open(folder.path()).unwrap();
    store.admit(&manifest(2, &[layer(b"a", 1)])).unwrap();
    let admit = |config, layers: &[Descriptor]| store.admit(&manifest(config, layers));
    assert!(matches!(
        admit(1 << 40, &[]),
        Err(Error::TooLarge { size, .. }) if size == 1 << 40
    ));
    let many = vec![layer(b"a", 1); 1001];
    assert!(matches!(
        admit(2, &many),
        Err(Error::TooManyLayers { layers: 1001, .. })
    ));
    for size in [1 << 60, u64::MAX] {
        let all = [layer(b"a", size), layer(b"b", size)];
        assert!(matches!(admit(2, &all), Err(Error::NoRoom { .. })));
    }
}

#[test]
fn a_layer_in_the_store_needs_no_room_and_has_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let store = ImageStore::open(folder.path()).unwrap();
    store.add(&b"here"[..], None, "a layer").unwrap();
    store.admit(&manifest(2, &[layer(b"here", 4)])).unwrap();
    assert!(matches!(
        store.admit(&manifest(2, &[layer(b"here", 100 << 30)])),
        Err(Error::SizeMismatch { actual: 4, .. })
    ));
}
