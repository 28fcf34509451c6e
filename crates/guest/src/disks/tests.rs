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
