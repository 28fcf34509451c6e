use super::*;

fn volumes() -> (tempfile::TempDir, Volumes) {
    let folder = tempfile::tempdir().unwrap();
    let volumes = Volumes::new(&folder.path().join("volumes"));
    (folder, volumes)
}

fn named(name: &str) -> NewVolume {
    NewVolume {
        name: Some(name.to_owned()),
        bytes: Some(64 << 20),
        ..NewVolume::default()
    }
}

#[test]
fn a_volume_is_made_once_and_found_by_name() {
    let (_folder, volumes) = volumes();
    let (made, is_new) = volumes.create(named("data")).unwrap();
    assert!(is_new && !made.anonymous);
    let (again, is_new) = volumes
        .create(NewVolume {
            bytes: None,
            ..named("data")
        })
        .unwrap();
    assert_eq!((again, is_new), (made.clone(), false));
    assert_eq!(volumes.disk("data").metadata().unwrap().len(), 64 << 20);
    let (unnamed, _) = volumes
        .create(NewVolume {
            name: None,
            ..named("")
        })
        .unwrap();
    assert!(unnamed.anonymous && unnamed.name.len() == 64);
    assert_eq!(volumes.list().unwrap().len(), 2);
    for name in ["", ".lock", "-a", "a/b", "..", &"a".repeat(65)] {
        let refused = volumes.create(named(name)).unwrap_err();
        assert!(matches!(refused, Error::VolumeName { .. }), "{name}");
    }
    let small = NewVolume {
        bytes: Some(1 << 20),
        ..named("small")
    };
    assert!(
        volumes
            .create(small)
            .unwrap_err()
            .to_string()
            .contains("64 MiB")
    );
    volumes.sweep().unwrap();
    assert_eq!(volumes.find("data").unwrap(), made);
}

#[test]
fn one_writer_or_several_readers_have_a_volume() {
    let (_folder, volumes) = volumes();
    volumes.create(named("data")).unwrap();
    let lock = volumes.lock().unwrap();
    let reader = volumes.claim("data", true).unwrap();
    let other = volumes.claim("data", true).unwrap();
    assert!(reader.is_some() && other.is_some());
    assert!(volumes.claim("data", false).unwrap().is_none());
    assert!(!volumes.remove("data", &lock).unwrap());
    drop((reader, other));
    let writer = volumes.claim("data", false).unwrap();
    assert!(writer.is_some());
    assert!(volumes.claim("data", true).unwrap().is_none());
    drop(writer);
    assert!(volumes.remove("data", &lock).unwrap());
    assert!(matches!(
        volumes.claim("data", false),
        Err(Error::VolumeNotFound { .. })
    ));
    assert!(volumes.list().unwrap().is_empty());
}

#[test]
fn a_volume_whose_writer_died_is_known_by_its_superblock() {
    let (_folder, volumes) = volumes();
    volumes.create(named("data")).unwrap();
    assert!(!volumes.is_unclosed("data").unwrap());
    let mut options = File::options();
    options.read(true).write(true);
    let disk = options.open(volumes.disk("data")).unwrap();
    let mut features = [0; 4];
    disk.read_exact_at(&mut features, INCOMPATIBLE_FEATURES)
        .unwrap();
    features[0] |= 4;
    disk.write_all_at(&features, INCOMPATIBLE_FEATURES).unwrap();
    assert!(volumes.is_unclosed("data").unwrap());
}
