use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::{NewFile, add, replace};

#[test]
fn a_file_appears_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let names = || std::fs::read_dir(folder.path()).unwrap().count();
    let target = folder.path().join("disk");
    let half = NewFile::create(&target, 0o644).unwrap();
    half.file().unwrap().write_all(b"half").unwrap();
    drop(half);
    assert_eq!(names(), 0);
    for content in [b"first", b"other"] {
        let whole = NewFile::create(&target, 0o644).unwrap();
        whole.file().unwrap().write_all(content).unwrap();
        whole.publish().unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), content);
        assert_eq!(names(), 1);
    }
}

#[test]
fn a_replaced_file_has_the_permissions_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("secret");
    std::fs::write(&target, b"old").unwrap();
    replace(&target, b"new", 0o600).unwrap();
    assert_eq!(std::fs::read(&target).unwrap(), b"new");
    let mode = std::fs::metadata(&target).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_file_is_added_where_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("key");
    for content in [b"first", b"other"] {
        add(&target, content, 0o600).unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"first");
    }
    let mode = std::fs::metadata(&target).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let dangling = folder.path().join("dangling");
    symlink("nowhere", &dangling).unwrap();
    add(&dangling, b"first", 0o600).unwrap();
    assert!(!folder.path().join("nowhere").exists());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn a_link_is_replaced_and_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (target, victim) = (folder.path().join("file"), folder.path().join("victim"));
    std::fs::write(&victim, b"untouched").unwrap();
    symlink(&victim, &target).unwrap();
    replace(&target, b"new", 0o644).unwrap();
    assert_eq!(std::fs::read(&victim).unwrap(), b"untouched");
    assert!(!target.symlink_metadata().unwrap().is_symlink());
}

#[test]
fn a_folder_that_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = replace(&folder.path().join("none/file"), b"", 0o644).unwrap_err();
    assert_eq!(error.path, folder.path().join("none"));
    assert_eq!(error.source.kind(), std::io::ErrorKind::NotFound);
}
