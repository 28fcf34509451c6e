use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, symlink};

use super::*;

fn folder(path: &Path) -> OwnedFd {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).unwrap()
}

#[test]
fn everything_in_a_folder_is_copied_as_it_is() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let at = |path: &str| from.path().join(path);
    fs::create_dir_all(at("inner/deep")).unwrap();
    fs::write(at("inner/deep/file"), vec![7; 300_000]).unwrap();
    fs::write(at("program"), "text").unwrap();
    fs::set_permissions(at("program"), fs::Permissions::from_mode(0o6755)).unwrap();
    fs::hard_link(at("program"), at("inner/other")).unwrap();
    symlink("/nowhere", at("link")).unwrap();
    fs::hard_link(at("link"), at("link2")).unwrap();
    let fifo = Mode::from_raw_mode(0o620);
    rustix::fs::mknodat(folder(from.path()), "pipe", FileType::Fifo, fifo, 0).unwrap();
    let attribute = rustix::fs::setxattr(at("inner"), c"user.colour", b"blue", XattrFlags::empty());
    fs::set_permissions(at("inner"), fs::Permissions::from_mode(0o1751)).unwrap();
    fs::set_permissions(from.path(), fs::Permissions::from_mode(0o2770)).unwrap();
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::lchown(at("link"), Some(5), Some(6)).unwrap();
        std::os::unix::fs::lchown(at("inner"), Some(7), Some(8)).unwrap();
    }
    let past = Timespec {
        tv_sec: 1_000_000_000,
        tv_nsec: 5,
    };
    for path in ["inner/deep", "link", "inner", "."] {
        let times = Timestamps {
            last_access: past,
            last_modification: past,
        };
        let nofollow = AtFlags::SYMLINK_NOFOLLOW;
        rustix::fs::utimensat(rustix::fs::CWD, at(path), &times, nofollow).unwrap();
    }

    copy_folder(&folder(from.path()), &folder(to.path())).unwrap();

    let mut seen = 0;
    let paths = [
        ".",
        "inner",
        "inner/deep",
        "inner/deep/file",
        "program",
        "inner/other",
        "link",
        "link2",
        "pipe",
    ];
    for path in paths {
        let read = |root: &Path| fs::symlink_metadata(root.join(path)).unwrap();
        let (original, copy) = (read(from.path()), read(to.path()));
        let facts = |found: &fs::Metadata| {
            let size = if found.is_dir() { 0 } else { found.len() };
            let owner = (found.uid(), found.gid());
            let time = (found.mtime(), found.mtime_nsec());
            (found.mode(), owner, time, size, found.nlink())
        };
        assert_eq!(facts(&original), facts(&copy), "{path}");
        seen += 1;
    }
    assert_eq!(seen, 9);
    let copied = |path: &str| to.path().join(path);
    let inode = |path: &str| fs::symlink_metadata(copied(path)).unwrap().ino();
    assert_eq!(inode("program"), inode("inner/other"));
    assert_eq!(inode("link"), inode("link2"));
    assert_eq!(
        fs::read_link(copied("link")).unwrap(),
        Path::new("/nowhere")
    );
    assert_eq!(
        fs::read(copied("inner/deep/file")).unwrap(),
        vec![7; 300_000]
    );
    assert!(
        fs::symlink_metadata(copied("pipe"))
            .unwrap()
            .file_type()
            .is_fifo()
    );
    if attribute.is_ok() {
        let mut value = [0; 16];
        let length = rustix::fs::getxattr(copied("inner"), c"user.colour", &mut value[..]).unwrap();
        assert_eq!(&value[..length], b"blue");
    }
}
