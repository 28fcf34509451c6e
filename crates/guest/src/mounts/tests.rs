use super::*;

#[test]
fn sources_stay_on_their_disk() {
    let disk = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(disk.path().join("tools/search")).unwrap();
    std::fs::write(disk.path().join("tools/search/run"), "").unwrap();
    std::os::unix::fs::symlink("/etc", disk.path().join("link")).unwrap();
    let is_folder = |source| open_source(disk.path(), source).map(|(_, is_folder)| is_folder);

    for folder in ["", ".", "/", "tools/search", "/tools"] {
        assert_eq!(is_folder(folder), Ok(true), "{folder:?}");
    }
    assert_eq!(is_folder("tools/search/run"), Ok(false));
    assert_eq!(is_folder("tools/none"), Err(Errno::NOENT));
    assert_eq!(is_folder("link"), Err(Errno::LOOP));
    assert_eq!(is_folder("link/passwd"), Err(Errno::LOOP));
    assert_eq!(is_folder("tools/../tools"), Err(Errno::XDEV));
}

#[test]
fn serials_cannot_be_paths() {
    for serial in ["", "..", "a/b", "a b", "a:b"] {
        assert!(disk_folder(serial).is_err(), "{serial:?}");
    }
    assert_eq!(
        disk_folder("artifact-0").unwrap(),
        Path::new("/mnt/disks/artifact-0")
    );
}
