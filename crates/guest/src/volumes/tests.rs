use std::fs;
use std::os::unix::fs::symlink;

use super::*;

struct Disk(tempfile::TempDir);

impl Disk {
    fn new() -> Self {
        let disk = tempfile::tempdir().unwrap();
        fs::create_dir(disk.path().join("lost+found")).unwrap();
        Self(disk)
    }

    fn fill(&self, image: &Path) -> std::io::Result<()> {
        fill(self.0.path(), Some(&open_folder(image).unwrap()))
    }

    fn at(&self, path: &str) -> std::path::PathBuf {
        self.0.path().join(path)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.at("data")).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn image(names: &[&str]) -> tempfile::TempDir {
    let image = tempfile::tempdir().unwrap();
    for name in names {
        fs::write(image.path().join(name), *name).unwrap();
    }
    image
}

#[test]
fn an_empty_volume_gets_the_content_of_the_image_once() {
    let disk = Disk::new();
    let (first, second) = (image(&["a", "b"]), image(&["c"]));
    disk.fill(first.path()).unwrap();
    assert_eq!(disk.names(), ["a", "b"]);
    disk.fill(second.path()).unwrap();
    assert_eq!(disk.names(), ["a", "b"]);
    // What was removed stays removed.
    for name in ["a", "b"] {
        fs::remove_file(disk.at("data").join(name)).unwrap();
    }
    disk.fill(second.path()).unwrap();
    assert!(disk.names().is_empty());
}

#[test]
fn a_volume_that_was_never_filled_waits_for_an_image_with_content() {
    let disk = Disk::new();
    fill(disk.0.path(), None).unwrap();
    disk.fill(image(&[]).path()).unwrap();
    assert!(disk.names().is_empty());
    disk.fill(image(&["a"]).path()).unwrap();
    assert_eq!(disk.names(), ["a"]);

    let disk = Disk::new();
    fill(disk.0.path(), None).unwrap();
    fs::write(disk.at("data/own"), "").unwrap();
    disk.fill(image(&["a"]).path()).unwrap();
    assert_eq!(disk.names(), ["own"]);
}

#[test]
fn an_interrupted_copy_is_made_anew() {
    let disk = Disk::new();
    fs::create_dir_all(disk.at("copying/half")).unwrap();
    fs::write(disk.at("copying/half/file"), "").unwrap();
    disk.fill(image(&["a"]).path()).unwrap();
    assert_eq!(disk.names(), ["a"]);
    assert!(!disk.at("copying").exists());
}

#[test]
fn links_on_a_hostile_volume_are_not_followed() {
    let outside = image(&["theirs"]);
    let disk = Disk::new();
    symlink(outside.path(), disk.at("data")).unwrap();
    assert_eq!(content(disk.0.path()).unwrap_err(), Errno::LOOP);
    assert!(disk.fill(image(&["a"]).path()).is_err());

    let disk = Disk::new();
    symlink(outside.path(), disk.at("copying")).unwrap();
    let _refused_or_replaced = disk.fill(image(&["a"]).path());
    let left: Vec<_> = fs::read_dir(outside.path()).unwrap().collect();
    assert_eq!(left.len(), 1);
}

#[test]
fn a_disk_is_writable_when_one_of_its_mounts_is() {
    let mount = |serial: &str, read_only| VolumeMount {
        serial: serial.to_owned(),
        target: "/a".to_owned(),
        read_only,
        copy: true,
    };
    let mounts = [
        mount("vol0", true),
        mount("vol1", true),
        mount("vol1", false),
    ];
    assert!(!is_writable(&mounts, "vol0"));
    assert!(is_writable(&mounts, "vol1"));
}
