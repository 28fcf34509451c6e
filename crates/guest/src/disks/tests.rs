use super::*;

#[test]
fn disks_are_found_by_their_whole_serial() {
    let sys = tempfile::tempdir().unwrap();
    for (disk, serial) in [("vda", "root"), ("vdb", "root-2\n"), ("loop0", "")] {
        std::fs::create_dir(sys.path().join(disk)).unwrap();
        std::fs::write(sys.path().join(disk).join("serial"), serial).unwrap();
    }
    assert_eq!(find(sys.path(), "root-2"), Some(PathBuf::from("/dev/vdb")));
    assert_eq!(find(sys.path(), "root"), Some(PathBuf::from("/dev/vda")));
    assert_eq!(find(sys.path(), "roo"), None);
    assert_eq!(find(sys.path(), ""), None);
}

#[test]
fn disks_without_serials_are_known_by_their_order() {
    let sys = tempfile::tempdir().unwrap();
    let add = |disk: &str, device: &str| {
        std::fs::create_dir(sys.path().join(disk)).unwrap();
        let target = format!("../../devices/{device}");
        std::os::unix::fs::symlink(target, sys.path().join(disk).join("device")).unwrap();
    };
    let find = |order, serial| find_in_order(sys.path(), order, serial);
    // Whatever their names, and with other devices between them.
    add("vdb", "virtio2");
    add("vda", "virtio10");
    add("sda", "0:0:0:0");
    std::fs::create_dir(sys.path().join("loop0")).unwrap();
    assert_eq!(find("root,scratch", "root"), Some("/dev/vdb".into()));
    assert_eq!(find("root,scratch", "scratch"), Some("/dev/vda".into()));
    assert_eq!(find("root,scratch", "volume"), None);
    // Not before all are there.
    assert_eq!(find("root,scratch,volume", "root"), None);
    add("vdc", "virtio3");
    let found = find("root,scratch,volume", "scratch");
    assert_eq!(found, Some("/dev/vdc".into()));
}

#[test]
fn file_systems_are_known_by_their_magic() {
    let mut blocks = vec![0; 4096];
    assert_eq!(Filesystem::from_first_blocks(&blocks), None);
    assert_eq!(Filesystem::from_first_blocks(&[]), None);
    blocks[1080..1082].copy_from_slice(&[0x53, 0xef]);
    assert_eq!(
        Filesystem::from_first_blocks(&blocks),
        Some(Filesystem::Ext4)
    );
    blocks[1024..1028].copy_from_slice(&[0xe2, 0xe1, 0xf5, 0xe0]);
    assert_eq!(
        Filesystem::from_first_blocks(&blocks),
        Some(Filesystem::Erofs)
    );
}
