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

/// What is no regular file: a link, a folder, a FIFO, a socket, a device where one may be made.
fn oddities(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
    let at = |name: &str| folder.join(name);
    std::fs::write(at("victim"), b"untouched").unwrap();
    symlink("victim", at("link")).unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    std::fs::create_dir(at("folder")).unwrap();
    std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    let mode = Mode::from_raw_mode(0o600);
    mknodat(CWD, at("fifo"), FileType::Fifo, mode, 0).unwrap();
    let mut names = vec!["link", "dangling", "folder", "socket", "fifo"];
    // Only root makes devices: a private node of the null device.
    if mknodat(
        CWD,
        at("null"),
        FileType::CharacterDevice,
        mode,
        makedev(1, 3),
    )
    .is_ok()
    {
        names.push("null");
    }
    names.into_iter().map(at).collect()
}

#[test]
fn only_a_regular_file_is_ever_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let all = oddities(folder.path());
    let count = || std::fs::read_dir(folder.path()).unwrap().count();
    let before = count();
    for path in &all {
        let kind = path.symlink_metadata().unwrap().file_type();
        let error = replace(path, b"new", 0o644).unwrap_err();
        assert!(
            error.source.to_string().contains("only a regular"),
            "{error}"
        );
        assert_eq!(path.symlink_metadata().unwrap().file_type(), kind);
        // Put there while the content was written: it stays as well.
        let raced = folder.path().join("raced");
        let new = NewFile::create(&raced, 0o644).unwrap();
        std::fs::rename(path, &raced).unwrap();
        new.publish().unwrap_err();
        assert_eq!(raced.symlink_metadata().unwrap().file_type(), kind);
        std::fs::rename(&raced, path).unwrap();
    }
    assert_eq!(count(), before);
    let victim = std::fs::read(folder.path().join("victim")).unwrap();
    assert_eq!(victim, b"untouched");
}

#[test]
fn an_output_goes_where_links_lead_and_keeps_permissions() {
    let folder = tempfile::tempdir().unwrap();
    let all = oddities(folder.path());
    let write = |path: &std::path::Path, bytes: &[u8]| {
        let new = NewFile::output(path)?;
        new.file()?.write_all(bytes).unwrap();
        new.publish()
    };
    let at = |name: &str| folder.path().join(name);
    let secret = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(at("victim"), secret).unwrap();
    write(&at("link"), b"new").unwrap();
    write(&at("dangling"), b"made").unwrap();
    assert_eq!(std::fs::read(at("victim")).unwrap(), b"new");
    assert_eq!(std::fs::read(at("nowhere")).unwrap(), b"made");
    let mode = |name: &str| std::fs::metadata(at(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("victim"), mode("nowhere") & 0o600), (0o600, 0o600));
    for link in &all[..2] {
        assert!(link.symlink_metadata().unwrap().is_symlink());
    }
    for path in &all[2..] {
        let kind = path.symlink_metadata().unwrap().file_type();
        write(path, b"new").unwrap_err();
        super::check_output(path).unwrap_err();
        assert_eq!(path.symlink_metadata().unwrap().file_type(), kind);
    }
    symlink("loop", at("loop")).unwrap();
    let error = write(&at("loop"), b"new").unwrap_err();
    assert!(
        error.source.to_string().contains("symbolic links"),
        "{error}"
    );
}

#[test]
fn a_folder_that_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = replace(&folder.path().join("none/file"), b"", 0o644).unwrap_err();
    assert_eq!(error.path, folder.path().join("none"));
    assert_eq!(error.source.kind(), std::io::ErrorKind::NotFound);
}
