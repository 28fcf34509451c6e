mod guest;
mod hostile;

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use rustix::io::Errno;

use self::guest::{Guest, text};
use crate::abi::{ROOT, code};

#[test]
fn files_are_made_written_read_and_removed() {
    let mut guest = Guest::new(false);
    let (node, handle) = guest.create(ROOT, "file", 0o640).unwrap();
    assert_eq!(guest.write(handle, 0, 0, b"hello"), Ok(5));
    assert_eq!(guest.read(handle, 1, 100).unwrap(), b"ello");
    // To the end, whatever the guest takes for it.
    std::fs::write(guest.path("file"), b"longer by now").unwrap();
    assert_eq!(guest.write(handle, 0, 0o2001, b"!"), Ok(1));
    assert_eq!(
        std::fs::read(guest.path("file")).unwrap(),
        b"longer by now!"
    );
    assert_eq!(
        guest.path("file").metadata().unwrap().mode() & 0o7777,
        0o640
    );
    guest.ask(code::UNLINK, ROOT, &text(&["file"])).unwrap();
    assert!(!guest.path("file").exists());
    // It is open.
    assert_eq!(guest.size_of(node), Ok(14));
    assert_eq!(guest.read(handle, 7, 2).unwrap(), b"by");
    guest
        .ask(
            code::RELEASE,
            node,
            &[handle.to_ne_bytes(), [0; 8], [0; 8]].concat(),
        )
        .unwrap();
    assert_eq!(guest.size_of(node), Err(Errno::STALE));
}

#[test]
fn what_the_host_changes_is_another_object_or_the_same_one() {
    let mut guest = Guest::new(false);
    std::fs::write(guest.path("a"), b"one").unwrap();
    let node = guest.look_up(ROOT, "a").unwrap();
    std::fs::write(guest.path("a"), b"longer").unwrap();
    assert_eq!(guest.size_of(node), Ok(6));
    std::fs::write(guest.path("new"), b"other").unwrap();
    std::fs::rename(guest.path("new"), guest.path("a")).unwrap();
    assert_eq!(guest.size_of(node), Err(Errno::STALE));
    let other = guest.look_up(ROOT, "a").unwrap();
    assert_ne!(node, other);
    assert_eq!(guest.size_of(other), Ok(5));
}

#[test]
fn names_move_with_what_is_below_them() {
    let mut guest = Guest::new(false);
    std::fs::create_dir(guest.path("folder")).unwrap();
    std::fs::write(guest.path("folder/file"), b"x").unwrap();
    std::fs::write(guest.path("other"), b"other").unwrap();
    let folder = guest.look_up(ROOT, "folder").unwrap();
    let file = guest.look_up(folder, "file").unwrap();
    let other = guest.look_up(ROOT, "other").unwrap();
    guest.rename((ROOT, "folder"), (ROOT, "moved"), 0).unwrap();
    assert_eq!(guest.size_of(file), Ok(1));
    let taken = guest.rename((folder, "file"), (ROOT, "other"), 1);
    assert_eq!(taken, Err(Errno::EXIST));
    guest.rename((folder, "file"), (ROOT, "other"), 2).unwrap();
    assert_eq!((guest.size_of(file), guest.size_of(other)), (Ok(1), Ok(5)));
    assert_eq!(std::fs::read(guest.path("moved/file")).unwrap(), b"other");
    guest.rename((folder, "file"), (ROOT, "other"), 0).unwrap();
    assert_eq!(
        (guest.size_of(file), guest.size_of(other)),
        (Err(Errno::STALE), Ok(5))
    );
}

#[test]
fn links_of_both_kinds_are_what_they_say() {
    let mut guest = Guest::new(false);
    std::fs::write(guest.path("file"), b"x").unwrap();
    let node = guest.look_up(ROOT, "file").unwrap();
    let linked = [&node.to_ne_bytes()[..], &text(&["hard"])].concat();
    let reply = guest.ask(code::LINK, ROOT, &linked).unwrap();
    assert_eq!(reply[..8], node.to_ne_bytes());
    assert_eq!(guest.path("hard").metadata().unwrap().nlink(), 2);
    guest
        .ask(code::SYMLINK, ROOT, &text(&["soft", "/etc/../\u{1}"]))
        .unwrap();
    let soft = guest.look_up(ROOT, "soft").unwrap();
    assert_eq!(
        guest.ask(code::READLINK, soft, &[]).unwrap(),
        "/etc/../\u{1}".as_bytes()
    );
    assert_eq!(guest.ask(code::READLINK, node, &[]), Err(Errno::INVAL));
    // A hard link of a link is one of the link itself.
    let linked = [&soft.to_ne_bytes()[..], &text(&["soft2"])].concat();
    guest.ask(code::LINK, ROOT, &linked).unwrap();
    assert!(guest.path("soft2").is_symlink());
}

#[test]
fn a_large_folder_is_listed_once_and_whole() {
    let mut guest = Guest::new(false);
    for number in 0..10_000 {
        std::fs::write(guest.path(&format!("file {number}")), b"").unwrap();
    }
    symlink("nowhere", guest.path("link")).unwrap();
    for code in [code::READDIR, code::READDIRPLUS] {
        let mut names = guest.list(ROOT, code).unwrap();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 10_003);
    }
}

#[test]
fn what_cannot_be_written_is_not() {
    let mut guest = Guest::new(true);
    std::fs::write(guest.path("file"), b"as it was").unwrap();
    std::fs::create_dir(guest.path("folder")).unwrap();
    let before = guest.path("file").metadata().unwrap().modified().unwrap();
    let node = guest.look_up(ROOT, "file").unwrap();
    for flags in [1_u32, 2] {
        assert_eq!(guest.open(node, flags), Err(Errno::ROFS));
    }
    let handle = guest.open(node, 0).unwrap();
    assert_eq!(guest.write(handle, 0, 0, b"x"), Err(Errno::ROFS));
    assert_eq!(guest.create(ROOT, "new", 0o600), Err(Errno::ROFS));
    assert_eq!(
        guest.rename((ROOT, "file"), (ROOT, "moved"), 0),
        Err(Errno::ROFS)
    );
    let linked = [&node.to_ne_bytes()[..], &text(&["hard"])].concat();
    let mode = |name| [&[0; 8][..], &text(&[name])].concat();
    let attribute = [&1_u32.to_ne_bytes()[..], &[0; 4], &text(&["user.x"]), b"v"].concat();
    for (code, content) in [
        (code::UNLINK, text(&["file"])),
        (code::RMDIR, text(&["folder"])),
        (code::MKDIR, mode("new")),
        (code::SYMLINK, text(&["new", "target"])),
        (code::LINK, linked),
        (code::SETATTR, guest::changes(1 << 3 | 1, 0, 0)),
        (code::SETXATTR, attribute),
        (code::REMOVEXATTR, text(&["user.x"])),
        (
            code::FALLOCATE,
            [&handle.to_ne_bytes()[..], &[1; 32]].concat(),
        ),
    ] {
        let node = if matches!(code, code::SETATTR | code::SETXATTR) {
            node
        } else {
            ROOT
        };
        assert_eq!(guest.ask(code, node, &content), Err(Errno::ROFS), "{code}");
    }
    assert_eq!(guest.read(handle, 0, 100).unwrap(), b"as it was");
    assert_eq!(
        guest.path("file").metadata().unwrap().modified().unwrap(),
        before
    );
    assert_eq!(std::fs::read_dir(guest.path("")).unwrap().count(), 2);
}

#[test]
fn owners_are_mapped_and_permissions_kept() {
    let mut guest = Guest::new(false);
    guest.init(1000, 1001);
    std::fs::write(guest.path("file"), b"x").unwrap();
    let node = guest.look_up(ROOT, "file").unwrap();
    assert_eq!(guest.owner_of(node), (1000, 1001));
    // No owner changes, but who it is may be said.
    let owner = |uid, gid| guest::changes(1 << 1 | 1 << 2, uid, gid);
    assert!(guest.ask(code::SETATTR, node, &owner(1000, 1001)).is_ok());
    assert_eq!(
        guest.ask(code::SETATTR, node, &owner(0, 1001)),
        Err(Errno::PERM)
    );
    let mut mode = guest::changes(1, 0, 0);
    mode[68..72].copy_from_slice(&0o106_755_u32.to_ne_bytes());
    guest.ask(code::SETATTR, node, &mode).unwrap();
    let permissions = guest.path("file").metadata().unwrap().permissions();
    assert_eq!(permissions.mode() & 0o7777, 0o755);
}
